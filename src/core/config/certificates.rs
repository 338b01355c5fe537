//! Certificates as settings hold them: PEM texts, one or many to a file. Nothing is parsed here.

use std::path::Path;

const END: &str = "-----END CERTIFICATE-----";

/// A PEM text that stands on one line, with `\n` for its line ends.
pub(super) fn inline(text: &str) -> String {
    text.replace("\\n", "\n")
}

/// The certificates of a file, one text each. A last piece without an end is kept, so that whoever parses it can
/// say that it is broken.
pub(super) fn read_bundle(path: &Path) -> std::io::Result<Vec<String>> {
    Ok(split_bundle(&std::fs::read_to_string(path)?))
}

fn split_bundle(text: &str) -> Vec<String> {
    let pieces = text.split(END).map(str::trim_start).filter(|piece| !piece.trim().is_empty());
    pieces.map(|piece| format!("{piece}{END}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_split_into_its_certificates() {
        let one = format!("-----BEGIN CERTIFICATE-----\nAA\n{END}");
        assert_eq!(split_bundle(&format!("{one}\n\n{one}\n")), vec![one.clone(), one]);
        assert!(split_bundle("\n").is_empty());
    }
}
