//! Lifecycle scripts of packages. So far: who may run them. It never runs any.

mod policy;

pub use policy::BuildPolicy;
