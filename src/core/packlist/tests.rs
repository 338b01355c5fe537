use std::path::Path;

use super::{Packed, PackedFolder};

/// Makes the files, each holding its own path, and lists the package. A path with `->` is a link.
fn packed(manifest: &str, files: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("package");
    write(&root, "package.json", manifest);
    write(folder.path(), "outside.js", "");
    for file in files {
        if let Some((path, target)) = file.split_once(" -> ") {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, root.join(path)).unwrap();
        } else {
            let (path, content) = file.split_once(": ").unwrap_or((file, file));
            write(&root, path, content);
        }
    }
    let list = PackedFolder::list(&root).unwrap();
    let shown = list.entries.iter().map(|(path, packed)| match packed {
        Packed::Link(target) => format!("{path} -> {target}"),
        Packed::File(source) if source.ends_with(path) => path.clone(),
        Packed::File(source) => format!("{path} = {}", source.file_name().unwrap().display()),
    });
    shown.filter(|path| path != "package.json").collect()
}

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn without_a_list_everything_is_in_that_is_not_left_out_by_npm() {
    let files = [
        ".dot",
        ".hidden/h",
        "index.js",
        "lib/k.js",
        "sub/node_modules/y/f",
        "sub/yarn.lock",
        "bun.lock",
        "npm-debug.log.1",
        "node_modules/x/n.js",
        ".git/config",
        "sub/.git/x",
        "CVS/x",
        ".npmrc",
        "sub/.npmrc",
        "yarn.lock",
        "pnpm-lock.yaml",
        "package-lock.json",
        "bun.lockb",
        "x.orig",
        ".foo.swp",
        "._x",
        ".DS_Store",
        "npm-debug.log",
        "build/config.gypi",
        "sub/build/config.gypi",
        "sub/build/o.js",
        "archived-packages/x",
        ".lock-wscript",
        ".wafpickle-1",
    ];
    let expected = [
        ".dot",
        ".hidden/h",
        "bun.lock",
        "index.js",
        "lib/k.js",
        "npm-debug.log.1",
        "sub/build/o.js",
        "sub/node_modules/y/f",
        "sub/yarn.lock",
    ];
    assert_eq!(packed("{}", &files), expected);
}

#[test]
fn an_ignore_file_leaves_out_and_npmignore_wins_over_gitignore() {
    let files = ["a.log", "b.txt", "sub/a.log", ".gitignore: *.log"];
    assert_eq!(packed("{}", &files), ["b.txt"]);
    let files = ["a.log", "b.txt", ".gitignore: *.log", ".npmignore: b.txt"];
    assert_eq!(packed("{}", &files), ["a.log"]);
}

#[test]
fn rules_are_about_names_paths_and_folders_and_the_last_that_fits_decides() {
    let files = [
        ".gitignore: /build\n/lib/*\n!/lib/k.js\nsub/*.x\nLICENSE-MIT\nREADME.md\n",
        "build/o",
        "x/build/f",
        "lib/k.js",
        "lib/z",
        "sub/a.x",
        "x/sub/a.x",
        "LICENSE-MIT",
        "README.md",
    ];
    assert_eq!(packed("{}", &files), ["README.md", "lib/k.js", "x/build/f", "x/sub/a.x"]);
}

#[test]
fn a_folder_that_holds_something_taken_back_is_in_whole_as_npm_has_it() {
    let files = [".gitignore: dist\n!dist/keep\n", "dist/a", "dist/keep"];
    assert_eq!(packed("{}", &files), ["dist/a", "dist/keep"]);
    let files = [".gitignore: dist\n", "dist/main.js", "dist/other.js", "index.js"];
    assert_eq!(packed(r#"{"main":"./dist/main.js"}"#, &files), ["dist/main.js", "dist/other.js", "index.js"]);
}

const LISTED: [&str; 11] = [
    ".gitignore: *.log",
    "LICENSE",
    "README.md",
    "bin/d.js",
    "lib/l.js",
    "lib/sub/s.js",
    "lib/z.log",
    "notfiles.js",
    "src/s.ts",
    "x.js",
    "sub/a.js",
];

#[test]
fn a_list_of_files_is_what_is_in_beside_what_always_is() {
    let listed = |files: &str| {
        let all = packed(&format!(r#"{{"bin":"bin/d.js","files":{files}}}"#), &LISTED);
        let rest =
            all.into_iter().filter(|path| !["LICENSE", "README.md", "bin/d.js"].contains(&path.as_str()));
        rest.collect::<Vec<_>>()
    };
    assert_eq!(listed(r#"["lib","x.js"]"#), ["lib/l.js", "lib/sub/s.js", "lib/z.log", "x.js"]);
    assert_eq!(listed(r#"["lib/**","!lib/l.js"]"#), ["lib/sub/s.js", "lib/z.log"]);
    assert_eq!(listed(r#"["/lib/"]"#), ["lib/l.js", "lib/sub/s.js", "lib/z.log"]);
    assert_eq!(listed(r#"["./lib/*.js"]"#), ["lib/l.js"]);
    assert_eq!(listed(r#"["*.js"]"#), ["notfiles.js", "x.js"]);
    assert_eq!(listed(r#"["**/*.js"]"#), ["lib/l.js", "lib/sub/s.js", "notfiles.js", "sub/a.js", "x.js"]);
    assert_eq!(listed(r#"["src","!src/s.ts"]"#), Vec::<String>::new());
    assert_eq!(listed("[]"), Vec::<String>::new());
    assert_eq!(listed(r#"["."]"#), Vec::<String>::new());
}

#[test]
fn an_ignore_file_below_counts_even_with_a_list() {
    let files = ["sub/a.js", "sub/b.js", "sub/.npmignore: a.js"];
    assert_eq!(packed(r#"{"files":["sub"]}"#, &files), ["sub/b.js"]);
}

#[test]
fn links_stay_links_to_what_is_in_and_never_lead_out() {
    let files = [
        "index.js",
        "lib/k.js",
        "sym.js -> index.js",
        "symdir -> lib",
        "lib/up.js -> ../index.js",
        "broken -> nowhere",
        "out.js -> ../outside.js",
        "lib/out -> ../..",
        "lib/root -> ..",
    ];
    let expected =
        ["index.js", "lib/k.js", "lib/up.js -> ../index.js", "sym.js -> index.js", "symdir -> lib"];
    assert_eq!(packed("{}", &files), expected);
    let files = ["index.js", "lib/k.js -> ../index.js"];
    assert_eq!(packed(r#"{"files":["lib"]}"#, &files), ["lib/k.js = index.js"]);
}

#[test]
fn bundled_packages_are_in() {
    let files = ["node_modules/x/package.json: {}", "node_modules/x/n.js", "node_modules/y/n.js"];
    assert_eq!(
        packed(r#"{"bundledDependencies":["x","../../etc"]}"#, &files),
        ["node_modules/x/n.js", "node_modules/x/package.json"]
    );
}
