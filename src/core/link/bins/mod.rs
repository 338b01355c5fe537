//! Executables of packages: what stands in the `.bin` folders.
//!
//! First it is chosen which package gives each folder each command ([`BinPlan`]), then the folders are written
//! ([`BinWriter`]), several at once. What a manifest says is a stranger's word: it never decides where a file is
//! written, and never becomes shell.

mod choice;
mod declared;
mod on_disk;
mod plan;
mod runtime;
mod shim;
mod write;

pub use choice::Origin;
pub use declared::{Command, DeclaredBins};
pub use on_disk::{declared_in, packages_in};
pub use plan::{BinEntry, BinFolder, BinPackage, BinPlan, Candidate};
pub use write::{BinWriter, Written};
