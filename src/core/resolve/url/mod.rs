//! Tarballs at URLs that belong to no registry.

mod download;
mod error;
mod resolver;

pub use download::{Downloads, TakenIn};
pub(super) use download::{Learned, Purpose};
pub use error::UrlError;
pub use resolver::UrlResolver;
