use super::*;

#[test]
fn a_path_is_read_from_the_root_and_never_leads_out() {
    for (path, folder) in [
        ("/packages/a", Some("packages/a")),
        ("packages/a/", Some("packages/a")),
        ("./packages/b/../a", Some("packages/a")),
        ("", Some("")),
        ("/", Some("")),
        ("..", None),
        ("/../../x", None),
        ("a/../../x", None),
        ("a\\..\\..", None),
        ("a\0b", None),
    ] {
        assert_eq!(inside(path).as_deref(), folder, "{path:?}");
    }
}

#[test]
fn credentials_are_never_told() {
    let repository = "https://me:s3cret@example.com/me/repo.git";
    let specifier = format!("git+{repository}#main");
    let asked = Question { specifier: &specifier, repository, shown: shown(repository) };
    let complaint =
        format!("fatal: unable to access '{repository}/'\u{1b}[31m and https://me:s3cret@example.com/x");
    let GitError::Failed { specifier, repository, reason, .. } =
        asked.failed("ls-remote", Failure::Refused(complaint))
    else {
        panic!("a refusal is a failure");
    };
    assert_eq!(specifier, "git+https://example.com/me/repo.git#main");
    assert_eq!(repository, "https://example.com/me/repo.git");
    assert_eq!(
        reason,
        "fatal: unable to access 'https://example.com/me/repo.git/' [31m and https://example.com/x"
    );
}

#[test]
fn the_id_has_address_commit_and_folder() {
    assert_eq!(git_id("https://example.com/a.git", "c0", None), "git+https://example.com/a.git#c0");
    assert_eq!(git_id("file:///a.git", "c0", Some("/b")), "git+file:///a.git#c0&path:/b");
}
