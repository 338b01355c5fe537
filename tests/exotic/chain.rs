//! What the chain does with specifiers that none of its ways knows.

use crate::{Desk, wanted};

#[tokio::test]
async fn specifiers_that_nobody_knows_are_refused_by_name() {
    let desk = Desk::new();
    for (specifier, code, part) in [
        ("foo:bar", Some("ERR_PNPM_SPEC_NOT_SUPPORTED_BY_ANY_RESOLVER"), "\"it@foo:bar\""),
        ("weird spec", Some("ERR_PNPM_SPEC_NOT_SUPPORTED_BY_ANY_RESOLVER"), "\"it@weird spec\""),
        ("runtime:22", Some("ERR_PNPM_SPEC_NOT_SUPPORTED_BY_ANY_RESOLVER"), "\"it@runtime:22\""),
        ("portal:../x", Some("ERR_PNPM_UNSUPPORTED_PROTOCOL"), "\"portal:\""),
        ("foo://bar/baz", Some("ERR_PNPM_UNSUPPORTED_PROTOCOL"), "\"foo:\""),
        ("path:../x", Some("ERR_PNPM_PATH_IS_UNSUPPORTED_PROTOCOL"), "\"it@path:../x\""),
    ] {
        let (found, message) = desk.refusal(specifier).await;
        assert_eq!(found, code, "{specifier}");
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn a_runtime_is_refused_in_words_of_its_own() {
    let desk = Desk::new();
    let node = pacwatch::core::resolve::Wanted { alias: Some("node".into()), ..wanted("runtime:22") };
    let error = desk.ask_for(&node, &desk.site.project).await.unwrap_err();
    assert!(error.to_string().contains("JavaScript runtime"), "{error}");
}

#[tokio::test]
async fn only_urls_and_git_are_exotic() {
    use pacwatch::core::resolve::Via;
    for (via, exotic) in [
        (Via::Registry, false),
        (Via::Jsr, false),
        (Via::NamedRegistry, false),
        (Via::Workspace, false),
        (Via::Local, false),
        (Via::Url, true),
        (Via::Git, true),
    ] {
        assert_eq!(via.is_exotic(), exotic, "{via:?}");
    }
}
