//! Settings: `.npmrc` files, `pnpm-workspace.yaml`, the environment and flags become one [`Config`], each value
//! with where it came from.
//!
//! Reads files, never writes one (but for the probe that tells whether files can be linked between two drives),
//! sends nothing, and never looks at the process's environment behind its [`Input`].

mod assemble;
mod certificates;
mod ci;
mod credentials;
mod derived;
mod describe;
mod directories;
mod error;
mod input;
mod known;
mod layers;
mod load;
mod npmrc;
mod npmrc_lines;
mod origin;
mod proxies;
mod reader;
mod registries;
mod secrets;
mod settings;
mod store_location;
mod structured_auth;
mod substitute;
mod transport;
mod unsupported;
mod variables;
mod yaml;

pub use credentials::Credentials;
pub use error::ConfigError;
pub use input::{Dedupe, Flags, Input, OnlyDependencies};
pub use origin::{Origin, Sourced};
pub use registries::Registries;
pub use settings::{
    CatalogMode, Config, Included, LinkWorkspacePackages, NodeLinker, ResolutionMode, SaveWorkspaceProtocol,
    SupportedArchitectures, TrustPolicy,
};
pub use transport::{NoProxy, Proxy, RegistryTls, Tls};
pub use unsupported::UnsupportedSettings;
