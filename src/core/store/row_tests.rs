use super::*;
use serde_json::json;

fn row(manifest: Option<serde_json::Value>, paths: &[&str]) -> NewRow {
    let files = paths
        .iter()
        .map(|path| NewFile {
            path: (*path).to_owned(),
            digest: Digest::of(path.as_bytes()),
            mode: 0o755,
            size: 100,
        })
        .collect();
    NewRow { requires_build: true, manifest, files, checked_at_ms: 1_700_000_000_000 }
}

#[test]
fn what_is_written_is_read_again() {
    let manifest = json!({"version": "1.0.0", "name": "a", "bin": {"x": "y", "count": 64}});
    let package = StoredPackage::decode(row(Some(manifest), &["a/b.js", "package.json"]).encode()).unwrap();
    assert!(package.requires_build());
    let files: Vec<_> = package.files().collect();
    assert_eq!(files.iter().map(|file| file.path).collect::<Vec<_>>(), ["a/b.js", "package.json"]);
    assert_eq!(files[1].digest(), Digest::of(b"package.json").to_hex().as_str());
    assert_eq!((files[0].size, files[0].executable), (100, true));
    assert!(files[0].blob_name().as_str().ends_with("-exec"));
    assert_eq!(package.size(), 200);
}

#[test]
fn the_bytes_are_those_of_msgpackr_records() {
    let bytes = row(None, &["LICENSE", "x"]).encode();
    assert!(bytes.starts_with(b"\xd4\x72\x40\x93\xa4algo\xadrequiresBuild\xa5files\xa6sha512\xc3\x82\xa7LICENSE\xd4\x72\x41\x94\xa6digest"));
    let second = bytes.windows(3).position(|window| window == b"\xa1x\x41").unwrap();
    assert_eq!(&bytes[second + 3..second + 5], b"\xd9\x80");
    assert!(bytes.windows(5).any(|window| window == b"\xcd\x01\xed\xcc\x64"), "mode as uint16, 100 as uint8");
}

#[test]
fn a_new_check_only_moves_the_times() {
    let package = StoredPackage::decode(row(None, &["a", "b"]).encode()).unwrap();
    let again = StoredPackage::decode(package.checked_again(1_800_000_000_000)).unwrap();
    assert!(again.files().all(|file| (file.checked_at - 1_800_000_000_000.0).abs() < 1.0));
    assert_eq!(again.files().map(|file| file.path).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_path_that_leaves_the_package_makes_the_row_worthless() {
    for path in ["../x", "/x", "a/../../x", "a//b", "", ".", "a\\..\\b", "a/\0"] {
        let decoded = StoredPackage::decode(row(None, &[path]).encode());
        assert_eq!(decoded.err(), Some(RowError::Path(path.to_owned())));
    }
}

#[test]
fn more_shapes_than_slots_still_read_back() {
    let many: serde_json::Map<_, _> =
        (0..100).map(|index| (format!("k{index}"), json!({ format!("only{index}"): index }))).collect();
    let bytes = row(Some(json!({"name": "a", "dependencies": many})), &["a"]).encode();
    assert_eq!(StoredPackage::decode(bytes).unwrap().files().len(), 1);
}

#[test]
fn the_stored_manifest_keeps_pnpms_fields_in_pnpms_order() {
    let manifest = json!({
        "name": "a", "description": "gone", "version": "1.0.0", "scripts": {"test": "gone", "install": "kept"},
        "bin": "x.js", "libc": null,
    });
    let kept = stored_manifest(&manifest).unwrap();
    assert_eq!(
        kept.to_string(),
        r#"{"version":"1.0.0","bin":"x.js","name":"a","scripts":{"install":"kept"}}"#
    );
    assert_eq!(stored_manifest(&json!({"description": "nothing"})), None);
    assert_eq!(stored_manifest(&json!([])), None);
}

#[test]
fn a_build_is_asked_for_by_scripts_gyp_files_and_hooks() {
    let none = || std::iter::empty::<&str>();
    assert!(requires_build(Some(&json!({"scripts": {"postinstall": "x"}})), none()));
    assert!(!requires_build(Some(&json!({"scripts": {"test": "x"}})), none()));
    assert!(requires_build(None, ["binding.gyp"].into_iter()));
    assert!(!requires_build(None, ["src/binding.gyp"].into_iter()));
    assert!(!requires_build(Some(&json!({"gypfile": false})), ["binding.gyp"].into_iter()));
    assert!(requires_build(None, [".hooks/x"].into_iter()));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = StoredPackage::decode(bytes);
    }

    #[test]
    fn a_row_with_a_changed_byte_is_read_or_refused(position in 0usize..400, byte: u8) {
        let mut bytes = row(Some(json!({"name": "a", "os": ["linux"]})), &["a", "b"]).encode();
        let position = position % bytes.len();
        bytes[position] = byte;
        if let Ok(package) = StoredPackage::decode(bytes) {
            proptest::prop_assert!(package.files().all(|file| is_inside_package(file.path)));
        }
    }
}

#[test]
fn what_a_manifest_says_of_executables_is_read_back() {
    let decoded = |manifest| StoredPackage::decode(row(manifest, &["a"]).encode()).unwrap();
    let manifest = json!({
        "version": "1.0.0",
        "bin": {"a": "a.js", "b": ["odd", {"deep": null}]},
        "dependencies": {"x": "1"},
        "directories": {"bin": "tools", "lib": "lib"},
        "name": "@s/a",
    });
    assert_eq!(
        decoded(Some(manifest)).executables(),
        Some(&json!({
            "bin": {"a": "a.js", "b": ["odd", {"deep": null}]},
            "directories": {"bin": "tools", "lib": "lib"},
            "name": "@s/a",
            "version": "1.0.0",
        }))
    );
    assert_eq!(decoded(Some(json!({"name": "a", "version": "1.0.0"}))).executables(), None);
    assert_eq!(decoded(Some(json!({"name": 7, "bin": null}))).executables(), None);
    assert_eq!(
        decoded(Some(json!({"name": 7, "bin": "x"}))).executables(),
        Some(&json!({"name": "", "version": "", "bin": "x"}))
    );
    assert_eq!(decoded(None).executables(), None);
}
