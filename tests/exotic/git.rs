//! Git repositories on this machine.

use std::path::Path;
use std::process::Command;

use pacwatch::core::resolve::Via;

use crate::{Desk, patient, resolution};

/// Runs git as nobody in particular, whatever the settings of whoever runs the tests.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args([
            "-c",
            "user.name=nobody",
            "-c",
            "user.email=nobody@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository with three versions; the commits of them.
pub fn repository(desk: &Desk) -> [String; 3] {
    let folder = desk.site.root.path().join("repository.git");
    std::fs::create_dir(&folder).unwrap();
    git(&folder, &["init", "--quiet"]);
    desk.write("repository.git/packages/sub/package.json", r#"{"name":"sub","version":"0.3.0"}"#);
    desk.write("repository.git/lib/x.js", "x");
    std::os::unix::fs::symlink("../packages/sub/package.json", folder.join("lib/package.json")).unwrap();
    ["1.0.0", "1.1.0", "2.0.0"].map(|version| {
        let manifest = format!(r#"{{"name":"repository","version":"{version}","deprecated":"old"}}"#);
        desk.write("repository.git/package.json", manifest);
        git(&folder, &["add", "--all"]);
        git(&folder, &["commit", "--quiet", "--message", version]);
        match version {
            "1.1.0" => git(&folder, &["tag", "--annotate", "v1.1.0", "--message", version]),
            "1.0.0" => git(&folder, &["tag", "v1.0.0"]),
            _ => git(&folder, &["branch", "dev"]),
        };
        git(&folder, &["rev-parse", "HEAD"])
    })
}

fn address(desk: &Desk) -> String {
    format!("file://{}/repository.git", desk.site.root.path().display())
}

#[tokio::test]
async fn every_way_to_name_a_commit_finds_it() {
    let desk = Desk::new();
    let [first, second, third] = repository(&desk);
    let address = address(&desk);
    for (fragment, commit, version) in [
        ("", &third, "2.0.0"),
        ("#", &third, "2.0.0"),
        ("#dev", &third, "2.0.0"),
        ("#%64ev", &third, "2.0.0"),
        ("#refs/heads/dev", &third, "2.0.0"),
        ("#heads/dev", &third, "2.0.0"),
        ("#v1.0.0", &first, "1.0.0"),
        ("#v1.1.0", &second, "1.1.0"),
        ("#semver:^1.0.0", &second, "1.1.0"),
        ("#semver:1.0.0", &first, "1.0.0"),
        ("#semver:*", &second, "1.1.0"),
        ("#dev&semver:~1.0", &first, "1.0.0"),
        (&format!("#{first}"), &first, "1.0.0"),
        (&format!("#{}", &third[..8]), &third, "2.0.0"),
    ] {
        let resolved = desk.ask(&format!("git+{address}{fragment}")).await.unwrap();
        assert_eq!(*resolved.id, format!("repository@git+{address}#{commit}"), "{fragment}");
        assert_eq!(resolution(&resolved), format!("git {address} {commit}"));
        assert_eq!(resolved.version.as_deref(), Some(version));
        assert_eq!(resolved.manifest.deprecated.as_deref(), Some("old"));
        assert_eq!(resolved.via, Via::Git);
    }
}

#[tokio::test]
async fn a_folder_of_a_repository_is_a_package_of_its_own() {
    let desk = Desk::new();
    let [.., third] = repository(&desk);
    let address = address(&desk);
    for (path, name, version) in [
        ("/packages/sub", "sub", "0.3.0"),
        ("packages/../packages/sub", "sub", "0.3.0"),
        ("", "repository", "2.0.0"),
        ("/packages", "it", "0.0.0"),
        // A link is not followed: it might lead out.
        ("/lib", "it", "0.0.0"),
    ] {
        let resolved = desk.ask(&format!("git+{address}#path:{path}")).await.unwrap();
        assert_eq!(*resolved.id, format!("{name}@git+{address}#{third}&path:{path}"));
        assert_eq!(resolution(&resolved), format!("git {address} {third} path={path}"));
        assert_eq!(resolved.version.as_deref(), Some(version));
    }
}

#[tokio::test]
async fn a_commit_that_no_branch_leads_to_is_found_by_all_its_digits() {
    let desk = Desk::new();
    let [.., third] = repository(&desk);
    let folder = desk.site.root.path().join("repository.git");
    git(&folder, &["reset", "--hard", "--quiet", "v1.0.0"]);
    git(&folder, &["branch", "--force", "dev", "v1.0.0"]);
    let resolved = desk.ask(&format!("git+{}#{third}", address(&desk))).await.unwrap();
    assert_eq!(resolved.version.as_deref(), Some("2.0.0"));
}

#[tokio::test]
async fn what_a_repository_does_not_have_is_refused() {
    let desk = Desk::new();
    repository(&desk);
    let address = address(&desk);
    let unknown = "0123456789012345678901234567890123456789";
    for (fragment, code, part) in [
        ("#nope".to_owned(), None, "could not resolve nope to a commit of file://".to_owned()),
        ("#0123456".to_owned(), None, "could not resolve 0123456".to_owned()),
        ("#--upload-pack=id".to_owned(), None, "could not resolve --upload-pack=id".to_owned()),
        ("#semver:^9".to_owned(), None, "Available versions are: v1.0.0, v1.1.0".to_owned()),
        ("#semver:~xyz".to_owned(), None, "could not resolve ~xyz".to_owned()),
        ("#path:/../../x".to_owned(), Some("ERR_PNPM_INVALID_PATH"), "/../../x".to_owned()),
        ("#path:/nothere".to_owned(), Some("ERR_PNPM_INVALID_PATH"), "nothere".to_owned()),
        ("#path:/package.json".to_owned(), Some("ERR_PNPM_INVALID_PATH"), "package.json".to_owned()),
        (format!("#{unknown}"), Some("ERR_PNPM_GIT_FETCH_FAILED"), "git fetch failed".to_owned()),
    ] {
        let (found, message) = desk.refusal(&format!("git+{address}{fragment}")).await;
        assert_eq!(found, code, "{fragment}: {message}");
        assert!(message.contains(&part), "{message}");
    }
    let (code, _) = desk.refusal("git+file:///nowhere/at/all.git").await;
    assert_eq!(code, Some("ERR_PNPM_GIT_RESOLVE_FAILED"));
}

#[tokio::test]
async fn addresses_that_could_be_options_never_reach_git() {
    let desk = Desk::new();
    for specifier in ["git+ssh://-oProxyCommand=id/x.git", "ssh://git@-oProxyCommand=id/x.git"] {
        assert_eq!(desk.refusal(specifier).await.0, Some("ERR_PNPM_INVALID_GIT_REPOSITORY"), "{specifier}");
    }
}

#[tokio::test]
async fn offline_only_repositories_on_this_machine_are_asked() {
    let desk = Desk::with(patient(), true);
    repository(&desk);
    assert!(desk.ask(&format!("git+{}", address(&desk))).await.is_ok());
    let (_, message) = desk.refusal("me/repo").await;
    assert!(message.contains("--offline"), "{message}");
}
