//! What a registry tells of a package: all its versions in one document.

use serde_json::{Map, Value, json};
use ssri::{Algorithm, Integrity};

use super::packages::{Package, digest};

/// The metadata of a package, from its versions in the order they were published; the last one is `latest`.
///
/// The document is the full one, times included, whichever form was asked for.
pub fn packument(registry: &str, versions: &[Package]) -> Vec<u8> {
    let name = &versions[0].name;
    let mut manifests = Map::new();
    let mut times = Map::new();
    times.insert("created".to_owned(), json!("2020-01-01T00:00:00.000Z"));
    times.insert("modified".to_owned(), json!("2020-02-01T00:00:00.000Z"));
    for (index, package) in versions.iter().enumerate() {
        let mut manifest = package.manifest();
        manifest.insert("dist".to_owned(), dist(registry, package));
        manifests.insert(package.version.clone(), Value::Object(manifest));
        times.insert(package.version.clone(), json!(format!("2020-01-01T00:00:{:02}.000Z", index % 60)));
    }
    let latest = versions.last().map(|package| package.version.as_str());
    let document = json!({
        "name": name,
        "dist-tags": {"latest": latest},
        "versions": manifests,
        "time": times,
        "modified": "2020-02-01T00:00:00.000Z",
    });
    serde_json::to_vec(&document).expect("metadata is plain JSON")
}

fn dist(registry: &str, package: &Package) -> Value {
    let tarball = package.tarball();
    let sha1: Integrity = digest(Algorithm::Sha1, &tarball).parse().expect("a digest is an integrity");
    json!({
        "tarball": format!("{registry}{}/-/{}", package.name, package.file_name()),
        "integrity": digest(Algorithm::Sha512, &tarball),
        "shasum": sha1.to_hex().1,
    })
}
