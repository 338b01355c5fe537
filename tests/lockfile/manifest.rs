//! Reading `package.json`.

use pacwatch::core::manifest::{Manifest, ManifestError};
use std::path::Path;

#[test]
fn a_manifest_is_read_or_refused_by_field_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let absent = Manifest::read(folder.path()).unwrap_err();
    assert_eq!(absent.code(), Some("ERR_PNPM_NO_PKG_MANIFEST"));

    let text = "\u{feff}{\"name\": \"x\", \"dependencies\": {\"z\": \"1\", \"a\": \"2\"}, \"libc\": \"musl\", \"bin\": \"cli.js\"}";
    std::fs::write(folder.path().join("package.json"), text).unwrap();
    let manifest = Manifest::read(folder.path()).unwrap();
    assert_eq!(manifest.dependencies.keys().collect::<Vec<_>>(), ["z", "a"]);
    assert_eq!(manifest.libc.unwrap().as_slice(), ["musl"]);

    let parse = |text: &str| Manifest::parse(text.as_bytes(), Path::new("package.json")).unwrap_err();
    let broken = parse("{\n  \"name\": oops\n}");
    assert!(matches!(broken, ManifestError::Json { line: 2, .. }), "{broken:?}");
    for (text, words) in [
        (r#"{"dependencies": ["a"]}"#, "dependencies must be an object"),
        (r#"{"dependencies": {"a": 1}}"#, "dependencies.a must be a text"),
        (r#"{"name": 1}"#, "name must be a text"),
        (
            r#"{"peerDependenciesMeta": {"a": {"optional": "yes"}}}"#,
            "peerDependenciesMeta.a.optional must be true or false",
        ),
        ("[]", "the file must be an object"),
    ] {
        assert!(parse(text).to_string().contains(words), "{text}");
    }
}
