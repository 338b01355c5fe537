use super::*;

fn parse(json: &str) -> Option<VersionDocument> {
    VersionDocument::parse(json, &Arc::from("a"))
}

const DIST: &str = r#""dist":{"tarball":"http://127.0.0.1/a.tgz"}"#;

#[test]
fn a_manifest_is_reduced_to_what_counts() {
    let integrity = format!("sha512-{}==", "a".repeat(86));
    let document = parse(&format!(
        r#"{{"name":"b","version":"1.0.0","dependencies":{{"x":"^1","bad":1}},"peerDependencies":{{"p":"*"}},
        "peerDependenciesMeta":{{"p":{{"optional":true}}}},"bin":"x.js","engines":{{"node":">=4"}},"os":["linux"],
        "libc":"musl","deprecated":"no","bundleDependencies":["x"],
        "dist":{{"tarball":"http://127.0.0.1/a.tgz","integrity":"{integrity}","unpackedSize":7}}}}"#
    ))
    .unwrap();
    let manifest = &document.manifest;
    assert_eq!(&*manifest.name, "a", "the document's name counts");
    assert_eq!(manifest.dependencies.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["x"]);
    assert!(manifest.peer_dependencies_meta["p"].optional);
    assert!(manifest.has_bin);
    assert_eq!(manifest.os, Some(OneOrMany::Many(vec!["linux".into()])));
    assert_eq!(manifest.libc, Some(OneOrMany::One("musl".into())));
    assert_eq!(manifest.deprecated.as_deref(), Some("no"));
    assert_eq!(manifest.bundled_dependencies, Some(BundledDependencies::Names(vec!["x".into()])));
    assert_eq!(document.integrity().map(|integrity| &**integrity), Some(integrity.as_str()));
    assert_eq!(document.unpacked_size, Some(7));
}

#[test]
fn a_version_without_the_shape_of_one_is_absent() {
    for json in [
        r#"{"name":"a","version":"1.0.0"}"#.to_owned(),
        format!(r#"{{"version":"1.0.0",{DIST}}}"#),
        format!(r#"{{"name":"a","version":"one",{DIST}}}"#),
        format!(r#"{{"name":"a","version":"1.0.0","dependencies":[],{DIST}}}"#),
        r#"{"name":"a","version":"1.0.0","dist":{"tarball":"x","integrity":"md4-x"}}"#.to_owned(),
        "[]".to_owned(),
    ] {
        assert_eq!(parse(&json), None, "{json}");
    }
}

#[test]
fn a_sha1_becomes_an_integrity() {
    let with = |shasum: &str| {
        parse(&format!(r#"{{"name":"a","version":"1.0.0","dist":{{"tarball":"x","shasum":"{shasum}"}}}}"#))
            .unwrap()
            .digest
    };
    let integrity = "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=";
    assert_eq!(
        with("a9993e364706816aba3e25717850c26c9cd0d89d"),
        TarballDigest::Integrity(Arc::from(integrity))
    );
    assert_eq!(with("zz"), TarballDigest::Invalid(Arc::from("zz")));
    assert_eq!(with(""), TarballDigest::Absent);
}

#[test]
fn deprecation_is_found_without_reading_the_rest() {
    assert!(is_deprecated(r#"{"deprecated":"use b"}"#));
    assert!(is_deprecated(r#"{"deprecated":""}"#));
    assert!(is_deprecated(r#"{"deprecated":true}"#));
    assert!(!is_deprecated(r#"{"deprecated":false}"#));
    assert!(!is_deprecated(r#"{"description":"\"deprecated\" things"}"#));
}

#[test]
fn trust_is_ranked_by_who_vouches() {
    let trust = |rest: &str| parse(&format!(r#"{{"name":"a","version":"1.0.0",{rest}}}"#)).unwrap().trust;
    let attested = r#""dist":{"tarball":"x","attestations":{"provenance":{"predicateType":"p"}}}"#;
    assert_eq!(trust(DIST), None);
    assert_eq!(trust(attested), Some(TrustEvidence::Provenance));
    let published = r#""_npmUser":{"trustedPublisher":{"id":"github","oidcConfigId":"x"}}"#;
    assert_eq!(trust(&format!("{published},{attested}")), Some(TrustEvidence::TrustedPublisher));
    assert_eq!(
        trust(&format!("{published},{DIST}")),
        None,
        "a publisher without a provenance does not count"
    );
    assert_eq!(
        trust(&format!(r#""_npmUser":{{"approver":{{"name":"x"}}}},{DIST}"#)),
        Some(TrustEvidence::StagedPublish)
    );
}
