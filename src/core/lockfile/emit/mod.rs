//! A [`Lockfile`] as the bytes of `pnpm-lock.yaml`, exactly as pnpm writes them.
//!
//! Three steps: the model becomes a tree of plain values ([`tree`]), its keys are put in pnpm's order ([`order`]), and
//! the tree is written in pnpm's style ([`write`], [`scalar`], [`implicit`]). Nothing here touches a file, and nothing
//! decides what belongs into a lockfile: that is done before.

mod fingerprint;
mod implicit;
mod order;
mod scalar;
mod tree;
mod write;

use super::model::Lockfile;

/// A text as the value of an entry in pnpm's YAML, in quotes where it needs them.
#[must_use]
pub fn yaml_text(text: &str) -> String {
    let mut out = String::new();
    scalar::write(&mut out, text, scalar::Place::Block, 1);
    out
}

/// A text in a mapping on one line.
#[must_use]
pub fn yaml_flow_text(text: &str) -> String {
    let mut out = String::new();
    scalar::write(&mut out, text, scalar::Place::FlowMap, 1);
    out
}

impl Lockfile {
    /// The text of the file, the document before it included.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let main = self.main_document();
        match &self.environment_document {
            Some(environment) => format!("---\n{environment}---\n{main}"),
            None => main,
        }
    }

    /// The text of the lockfile itself, without a document before it.
    #[must_use]
    pub fn main_document(&self) -> String {
        let mut root = tree::lockfile(self);
        order::sort(&mut root);
        write::document(&root)
    }
}

#[cfg(test)]
mod tests;
