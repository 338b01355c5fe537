use super::*;

const INDEX: &str = "one\ntwo\nthree\n";

fn patch(text: &str) -> PatchFile {
    PatchFile { selector: "a".into(), path: "a.patch".into(), hash: String::new(), text: text.into() }
}

/// Applies a patch to a package with `index.js`, an executable `bin/run` and `package.json`.
fn applied(text: &str) -> Result<Patched, PatchError> {
    let files = BTreeMap::from([("bin/run", true), ("index.js", false), ("package.json", false)]);
    patch(text)
        .apply(&files, &|path| Ok(if path == "index.js" { INDEX.into() } else { path.as_bytes().to_vec() }))
}

fn refused(text: &str) -> String {
    let error = applied(text).unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_PATCH_FAILED"));
    let message = error.to_string();
    assert!(message.starts_with("the patch a.patch cannot be applied: "), "{message}");
    message
}

fn outcome(patched: &Patched) -> Vec<(&str, Option<(&str, bool)>)> {
    patched
        .files
        .iter()
        .map(|(path, content)| {
            let content = content.as_ref();
            (
                path.as_str(),
                content.map(|content| (std::str::from_utf8(&content.bytes).unwrap(), content.executable)),
            )
        })
        .collect()
}

const CHANGE: &str = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";

fn creation(path: &str, mode: &str) -> String {
    format!(
        "diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+new\n"
    )
}

fn deletion(path: &str, content: &str) -> String {
    format!(
        "diff --git a/{path} b/{path}\ndeleted file mode 100644\n--- a/{path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-{content}\n\\ No newline at end of file\n"
    )
}

fn renaming(from: &str, to: &str) -> String {
    format!("diff --git a/{from} b/{to}\nsimilarity index 100%\nrename from {from}\nrename to {to}\n")
}

#[test]
fn files_are_changed_made_and_removed() {
    let patched =
        applied(&format!("{CHANGE}{}{}", creation("lib/new.js", "100755"), deletion("bin/run", "bin/run")));
    assert_eq!(
        outcome(&patched.unwrap()),
        [
            ("bin/run", None),
            ("index.js", Some(("one\n2\nthree\n", false))),
            ("lib/new.js", Some(("new\n", true))),
        ]
    );
}

#[test]
fn one_change_after_the_other_is_made_to_the_same_file() {
    let more = CHANGE
        .replace("-two\n+2\n", " 2\n")
        .replace("-1,3 +1,3", "-1,3 +1,4")
        .replace(" three", " three\n+four");
    let patched = applied(&format!("{CHANGE}{more}")).unwrap();
    assert_eq!(outcome(&patched), [("index.js", Some(("one\n2\nthree\nfour\n", false)))]);
}

#[test]
fn a_file_is_renamed_with_or_without_changes() {
    let patched = applied(&renaming("bin/run", "lib/deep/run")).unwrap();
    assert_eq!(outcome(&patched), [("bin/run", None), ("lib/deep/run", Some(("bin/run", true)))]);
    let hunk = CHANGE.split_once("--- ").unwrap().1;
    let patched = applied(&format!("{}--- {hunk}", renaming("index.js", "main.js"))).unwrap();
    assert_eq!(outcome(&patched), [("index.js", None), ("main.js", Some(("one\n2\nthree\n", false)))]);
    assert_eq!(patch(&renaming("lib/a", "b")).removed_paths(), ["lib/a"]);
    assert_eq!(patch(&deletion("lib/a", "x")).removed_paths(), ["lib/a"]);
}

#[test]
fn a_file_becomes_executable() {
    let patched = applied("diff --git a/index.js b/index.js\nold mode 100644\nnew mode 100755\n").unwrap();
    assert_eq!(outcome(&patched), [("index.js", Some((INDEX, true)))]);
}

#[test]
fn an_empty_file_is_made_and_a_link_is_a_file_with_its_target() {
    let patched =
        applied("diff --git a/empty b/empty\nnew file mode 100644\nindex 0000000..e69de29\n").unwrap();
    assert_eq!(outcome(&patched), [("empty", Some(("", false)))]);
    let patched = applied(&creation("link", "120000")).unwrap();
    assert_eq!(outcome(&patched), [("link", Some(("new\n", false)))]);
}

#[test]
fn what_has_been_changed_already_is_left_alone() {
    let reversed = CHANGE.replace("-two\n+2", "-2\n+two");
    assert_eq!(outcome(&applied(&reversed).unwrap()), [("index.js", Some((INDEX, false)))]);
    assert_eq!(applied(&deletion("gone", "x")).unwrap(), Patched::default());
}

#[test]
fn a_patch_for_other_contents_says_where_it_does_not_fit() {
    assert!(refused(&CHANGE.replace("three", "3")).ends_with("its hunk 1 does not fit index.js"));
    assert!(refused(&CHANGE.replace("index.js", "gone.js")).ends_with("the package has no file gone.js"));
    assert!(refused(&deletion("index.js", "one")).contains("index.js"));
    assert!(
        refused(&creation("index.js", "100644")).ends_with("it makes index.js, but the package has index.js")
    );
    assert!(refused(&renaming("bin/run", "index.js")).ends_with("but the package has index.js"));
    assert!(refused("diff --git a/x.png b/x.png\nnew file mode 100644\nindex 0000000..7c4530c\nBinary files /dev/null and b/x.png differ\n").contains("binary"));
}

#[test]
fn a_file_does_not_take_the_place_of_a_folder_nor_the_other_way_round() {
    assert!(refused(&creation("bin", "100644")).ends_with("the package has bin/run"));
    assert!(refused(&creation("index.js/x", "100644")).ends_with("the package has index.js"));
    let both = format!("{}{}", creation("lib/x", "100644"), creation("lib", "100644"));
    assert!(refused(&both).ends_with("the package has lib/x"));
    applied(&format!("{}{}", deletion("bin/run", "bin/run"), creation("bin", "100644"))).unwrap();
}

#[test]
fn no_path_leads_out_of_the_package() {
    for path in ["../evil", "x/../../evil", "/evil", "x//evil", "./evil", "x/."] {
        for text in [creation(path, "100644"), CHANGE.replace("index.js", path), deletion(path, "x")] {
            assert!(refused(&text).contains("leads out of the package"), "{text}");
        }
        assert!(refused(&renaming("index.js", path)).contains("leads out of the package"));
        assert!(refused(&renaming(path, "index.js")).contains("leads out of the package"));
    }
}

#[test]
fn what_is_no_patch_is_refused() {
    for text in ["", "no patch at all", "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n a\n"] {
        let error = applied(text).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_INVALID_PATCH"), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(diff --git a/[./a-c]{1,4} b/[./a-c]{1,4}\n|--- [./ab]{1,3}\n|\\+\\+\\+ [./ab]{1,3}\n|@@ -[0-9],?[0-9]? \\+[0-9],[0-9] @@\n|[ +-][a-c\r]{0,3}\n|rename (from|to) [./ab]{1,4}\n|new (file )?mode 1[0-9]{5}\n){0,12}") {
        let _ = applied(&text);
        let _ = patch(&text).removed_paths();
    }
}
