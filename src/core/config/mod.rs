//! Settings: `.npmrc` files, `pnpm-workspace.yaml`, the environment and flags become one [`Config`], each value
//! with where it came from.
//!
//! Reads files, never writes one (but for the probe that tells whether files can be linked between two drives),
//! sends nothing, and never looks at the process's environment behind its [`Input`].

mod credentials;
mod input;
mod origin;
mod registries;
mod settings;
mod transport;

pub use credentials::Credentials;
pub use input::{Flags, Input, OnlyDependencies};
pub use origin::{Origin, Sourced};
pub use registries::Registries;
pub use settings::{
    Config, Included, LinkWorkspacePackages, NodeLinker, ResolutionMode, SupportedArchitectures, TrustPolicy,
};
pub use transport::{NoProxy, Proxy, RegistryTls, Tls};
