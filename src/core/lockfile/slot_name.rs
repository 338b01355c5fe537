//! The name of a package's folder in the virtual store.
//!
//! Two programs that share a `node_modules` must find the same names, so this is pnpm's rule to the letter.

use aws_lc_rs::digest::{SHA256, digest};
use std::fmt::Write as _;

/// Hexadecimal digits of the digest that a name carries.
const HASH_LENGTH: usize = 32;

/// The folder of a dep path in the virtual store, at most `max_length` bytes long (`virtualStoreDirMaxLength`, 120)
/// unless `max_length` is too short for the hash itself.
///
/// Characters that a file system refuses become `+`, the parentheses of peers become `_`. A name gets a hash where
/// something could be lost by that: it is too long, has an upper-case letter (file systems may fold case), ends in a dot
/// or space (Windows drops them), or its address has a character that is written like another.
#[must_use]
pub fn slot_directory_name(dep_path: &str, max_length: usize) -> String {
    let mut name = escape(dep_path);
    let mut seed = None;
    if name.ends_with(['.', ' ']) {
        let before = name.clone();
        name.pop();
        name.push('+');
        seed = Some(before);
    }
    if is_lossy(dep_path) {
        seed = Some(dep_path.to_owned());
    } else if seed.is_none()
        && (name.len() > max_length || (name.chars().any(char::is_uppercase) && !name.starts_with("file+")))
    {
        seed = Some(name.clone());
    }
    match seed {
        Some(seed) => hashed(&name, &seed, max_length),
        None => name,
    }
}

fn escape(dep_path: &str) -> String {
    let mut name: String = dep_path
        .chars()
        .map(|character| match character {
            '\\' | '/' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '#' => '+',
            other => other,
        })
        .collect();
    if name.contains('(') {
        if name.ends_with(')') {
            name.pop();
        }
        name = name.replace(")(", "_").replace(['(', ')'], "_");
    }
    name
}

/// Whether the address of the package (not its peers) has a character that is, or becomes, a `+` without having been a
/// `/` or part of the scheme, so that two addresses could share a name. A version is no address: in `1.0.0+build` the
/// `+` is what it says.
fn is_lossy(dep_path: &str) -> bool {
    let version = super::split(dep_path).version;
    version.contains(':') && without_scheme(version).bytes().any(|byte| b"+\\:*?\"<>|#".contains(&byte))
}

fn without_scheme(version: &str) -> &str {
    let Some((scheme, rest)) = version.split_once(':') else {
        return version;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if is_scheme { rest.strip_prefix("//").unwrap_or(rest) } else { version }
}

fn hashed(name: &str, seed: &str, max_length: usize) -> String {
    let mut room = max_length.saturating_sub(HASH_LENGTH + 1).min(name.len());
    while !name.is_char_boundary(room) {
        room -= 1;
    }
    let mut out = String::with_capacity(room + 1 + HASH_LENGTH);
    out.push_str(&name[..room]);
    out.push('_');
    for byte in &digest(&SHA256, seed.as_bytes()).as_ref()[..HASH_LENGTH / 2] {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::slot_directory_name;

    #[test]
    fn names_are_those_that_pnpm_gives() {
        for (dep_path, expected) in [
            ("@babel/core@7.24.0", "@babel+core@7.24.0"),
            ("react-dom@18.2.0(react@18.2.0)", "react-dom@18.2.0_react@18.2.0"),
            ("JSONStream@1.3.5", "JSONStream@1.3.5_fb8f73c374dcf7070ffed90b688edabd"),
            ("foo@1.0.0+build.5", "foo@1.0.0+build.5"),
            ("bar@2.0.0-rc.1+x(foo@1.0.0+build.5)", "bar@2.0.0-rc.1+x_foo@1.0.0+build.5"),
            ("locpkg@file:loc/a.b", "locpkg@file+loc+a.b"),
            ("upper@file:loc/Up", "upper@file+loc+Up_4aa03473bb633dd3dbf7f15d982cf6af"),
            ("n1@file:loc/p+q", "n1@file+loc+p+q_f918929d8ee12a9b6791271e65114607"),
            ("ms@http://localhost/ms.tgz", "ms@http+++localhost+ms.tgz"),
            (
                "ms@http://127.0.0.1:4996/ms.tgz",
                "ms@http+++127.0.0.1+4996+ms.tgz_2486314eeefdb249e8183227ad64f302",
            ),
            (
                "react-dom@18.2.0(react@http://127.0.0.1:4996/react.tgz)",
                "react-dom@18.2.0_react@http+++127.0.0.1+4996+react.tgz",
            ),
            ("n3@file:loc/a b ", "n3@file+loc+a b+_8b1cb3ba94c9631e54d80543a8992a0e"),
        ] {
            assert_eq!(slot_directory_name(dep_path, 120), expected, "{dep_path}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_and_hashed() {
        let dep_path = format!("a@1.0.0({})", "b@1.0.0)(".repeat(20) + "c@1.0.0");
        let name = slot_directory_name(&dep_path, 120);
        assert_eq!(name.len(), 120);
        assert!(name.starts_with("a@1.0.0_b@1.0.0_b@1.0.0_"));
        assert_ne!(name, slot_directory_name(&dep_path.replace('c', "d"), 120));
    }

    #[test]
    fn no_text_makes_a_panic_or_a_name_with_a_separator() {
        for text in ["", "/", "é".repeat(200).as_str(), "..", "a@../../x", "É@1", "a@\\..\\x", "(", ")"] {
            for max_length in [0, 33, 60, 120] {
                assert!(!slot_directory_name(text, max_length).contains(['/', '\\']), "{text}");
            }
        }
    }
}
