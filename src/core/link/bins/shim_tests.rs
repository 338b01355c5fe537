use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

fn node(arguments: &[&str]) -> Runtime {
    Runtime {
        program: "node".to_owned(),
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
    }
}

/// The text without what is the same in all shims.
fn tail(shim: &Shim<'_>) -> String {
    let text = shim.text();
    text.strip_prefix(HEAD).unwrap().to_owned()
}

fn plain<'a>(target: &'a str, runtime: Option<&'a Runtime>) -> Shim<'a> {
    Shim { target, marker: target, runtime, node_path: &[] }
}

#[test]
fn a_shim_for_node() {
    let runtime = node(&[]);
    let node_path = ["..".to_owned(), "../../..".to_owned(), "/elsewhere/node_modules".to_owned()];
    let shim = Shim { node_path: &node_path, ..plain("../../bin/cli.js", Some(&runtime)) };
    insta::assert_snapshot!(tail(&shim), @r#"
    export NODE_PATH="$basedir_abs"/'..':"$basedir_abs"/'../../..':/elsewhere/node_modules${NODE_PATH:+":$NODE_PATH"}
    shim_target="$basedir_abs"/'../../bin/cli.js'
    shim_target_win="$basedir_win"/'../../bin/cli.js'
    if [ -n "$exe" ] && [ -x "$basedir_abs"/node.exe ]; then
      exec "$basedir_abs"/node.exe  "$shim_target_win" "$@"
    elif [ -x "$basedir_abs"/node ]; then
      exec "$basedir_abs"/node  "$shim_target" "$@"
    elif command -v node > /dev/null 2>&1; then
      if [ -n "$msys" ]; then shim_target=$shim_target_win; fi
      exec node  "$shim_target" "$@"
    elif [ -n "$exe" ] && command -v node.exe > /dev/null 2>&1; then
      exec node.exe  "$shim_target_win" "$@"
    fi
    exec node  "$shim_target" "$@"
    exit $?
    # cmd-shim-target=../../bin/cli.js
    "#);
}

#[test]
fn a_shim_for_what_the_system_runs_itself() {
    insta::assert_snapshot!(tail(&plain("../tool/tool", None)), @r#"
    exec "$basedir_abs"/'../tool/tool' "$@"
    exit $?
    # cmd-shim-target=../tool/tool
    "#);
}

#[test]
fn a_shim_for_a_batch_file() {
    let runtime = Runtime { program: "cmd".to_owned(), arguments: vec!["/C".to_owned()] };
    insta::assert_snapshot!(tail(&plain("../tool/tool.cmd", Some(&runtime))), @r#"
    shim_target="$basedir_abs"/'../tool/tool.cmd'
    shim_target_win="$basedir_win"/'../tool/tool.cmd'
    if [ -n "$msys" ]; then set -- //C "$shim_target_win" "$@"; else set -- /C "$shim_target" "$@"; fi
    if [ -n "$exe" ]; then exec cmd.exe "$@"; fi
    exec cmd "$@"
    exit $?
    # cmd-shim-target=../tool/tool.cmd
    "#);
}

#[test]
fn ours_are_known_by_their_beginning() {
    assert!(is_ours(&plain("x", None).text()));
    assert!(!is_ours("#!/bin/sh\n# cmd-shim-target=x\n"));
    assert!(!is_ours(""));
}

#[test]
fn an_ordinary_shim_fits_one_block_of_a_disk() {
    let runtime = node(&[]);
    let target = format!("../.pnpm/{}/node_modules/eslint/bin/eslint.js", "x".repeat(60));
    let node_path = [target.clone(), target.clone(), "../.pnpm/node_modules".to_owned()];
    let shim = Shim { node_path: &node_path, ..plain(&target, Some(&runtime)) };
    assert!(shim.text().len() <= 4096, "{}", shim.text().len());
}

/// A folder with a `.bin` and a package beside it, in a place that tests quoting.
struct Place {
    folder: tempfile::TempDir,
}

const ODD: &str = "it's a \"place\" $(touch hacked) `touch hacked`";

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for folder in [".bin", "package", "tools"] {
            std::fs::create_dir_all(place.path(folder)).unwrap();
        }
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(ODD).join(path)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn shim(&self, shim: &Shim<'_>) -> PathBuf {
        self.write(".bin/tool", &shim.text())
    }

    fn no_harm_was_done(&self) {
        let mut pending = vec![self.folder.path().to_path_buf()];
        while let Some(folder) = pending.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                assert_ne!(entry.file_name(), "hacked");
                if entry.file_type().unwrap().is_dir() {
                    pending.push(entry.path());
                }
            }
        }
    }
}

/// The shells of this machine that shims are run by.
fn shells() -> impl Iterator<Item = &'static str> {
    ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/ksh", "/bin/zsh"]
        .into_iter()
        .filter(|shell| Path::new(shell).exists())
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Prints its arguments, each in brackets, and `NODE_PATH`.
const TELLER: &str = "#!/bin/sh\nprintf '[%s]' \"$@\"\nprintf ' %s' \"$NODE_PATH\"\n";

#[test]
fn the_executable_gets_its_arguments_as_they_were() {
    let place = Place::new();
    let target = place.write("package/it's; touch hacked", TELLER);
    let shim = place.shim(&plain("../package/it's; touch hacked", None));
    for shell in shells() {
        let mut command = Command::new(shell);
        command.arg(&shim).args(["a b", "", "$HOME", "*", "'", "-e"]).env_remove("NODE_PATH");
        assert_eq!(said(&mut command), "[a b][][$HOME][*]['][-e] ", "{shell}");
    }
    drop(target);
    place.no_harm_was_done();
}

#[test]
fn an_interpreter_gets_its_own_arguments_first_and_is_looked_for_beside_the_shim_first() {
    let place = Place::new();
    place.write("tools/node", "#!/bin/sh\nprintf 'on PATH'\nprintf '[%s]' \"$@\"\n");
    let runtime = node(&["--flag", "a b", "$(touch hacked)", "'"]);
    let shim = place.shim(&plain("../package/cli.js", Some(&runtime)));
    let target = place.path("package/cli.js").canonicalize();
    assert!(target.is_err(), "a target that is not there is the interpreter's concern");
    let target = place.path("package").canonicalize().unwrap().join("cli.js");
    let target = target.to_str().unwrap().replace("/package/", "/.bin/../package/");
    let expected = format!("[--flag][a b][$(touch hacked)]['][{target}][x]");
    for shell in shells() {
        let mut command = Command::new(shell);
        command.arg(&shim).arg("x").env("PATH", place.path("tools"));
        assert_eq!(said(&mut command), format!("on PATH{expected}"), "{shell}");
    }
    place.write(".bin/node", "#!/bin/sh\nprintf 'beside'\nprintf '[%s]' \"$@\"\n");
    for shell in shells() {
        let mut command = Command::new(shell);
        command.arg(&shim).arg("x").env("PATH", place.path("tools"));
        assert_eq!(said(&mut command), format!("beside{expected}"), "{shell}");
    }
    place.no_harm_was_done();
}

#[test]
fn node_path_goes_before_what_was_set() {
    let place = Place::new();
    place.write("package/tell", TELLER);
    let node_path = ["../package/node_modules".to_owned(), "/else'where".to_owned()];
    let shim = place.shim(&Shim { node_path: &node_path, ..plain("../package/tell", None) });
    let folder = place.path(".bin").canonicalize().unwrap();
    let ours = format!("{}/../package/node_modules:/else'where", folder.display());
    for shell in shells() {
        let mut command = Command::new(shell);
        assert_eq!(said(command.arg(&shim).env_remove("NODE_PATH")), format!("[] {ours}"), "{shell}");
        let mut command = Command::new(shell);
        assert_eq!(
            said(command.arg(&shim).env("NODE_PATH", "/be fore:/x")),
            format!("[] {ours}:/be fore:/x"),
            "{shell}"
        );
    }
    place.no_harm_was_done();
}

#[test]
fn a_shim_finds_its_place_through_links_and_from_anywhere() {
    let place = Place::new();
    place.write("package/tell", TELLER);
    let shim = place.shim(&plain("../package/tell", None));
    let path = |name: &str| place.path(name);
    symlink(&shim, path("tools/absolute")).unwrap();
    symlink("../.bin/tool", path("tools/relative")).unwrap();
    symlink("tools/relative", path("twice")).unwrap();
    symlink(".bin", path("folder")).unwrap();
    for called in ["tools/absolute", "tools/relative", "twice", "folder/tool"] {
        assert_eq!(said(Command::new(path(called)).arg("x").env_remove("NODE_PATH")), "[x] ");
    }
    let here = |program: &str, folder: &str| {
        let mut command = Command::new("/bin/sh");
        command.arg(program).current_dir(path(folder)).env_remove("NODE_PATH");
        said(&mut command)
    };
    assert_eq!(here("tool", ".bin"), "[] ");
    assert_eq!(here("./.bin/tool", ""), "[] ");
    assert_eq!(here("../.bin/tool", "tools"), "[] ");
    place.no_harm_was_done();
}

#[test]
fn a_package_cannot_pose_as_a_tool_that_the_shim_calls() {
    let place = Place::new();
    place.write("package/tell", TELLER);
    let shim = place.shim(&plain("../package/tell", None));
    symlink(&shim, place.path("link")).unwrap();
    std::fs::create_dir_all(place.path("x/node_modules/.bin")).unwrap();
    for folder in ["x/node_modules/.bin", "tools"] {
        place.write(&format!("{folder}/readlink"), "#!/bin/sh\ntouch hacked; exit 1\n");
    }
    let path = std::env::join_paths([
        place.path("x/node_modules/.bin").as_path(),
        Path::new("tools"),
        Path::new("/usr/bin"),
        Path::new("/bin"),
    ])
    .unwrap();
    let mut command = Command::new(place.path("link"));
    command.env("PATH", &path).env_remove("NODE_PATH").current_dir(place.path(""));
    assert_eq!(said(&mut command), "[] ");
    place.no_harm_was_done();
}

#[test]
fn the_executable_sees_the_callers_path() {
    let place = Place::new();
    place.write("package/tell", "#!/bin/sh\nprintf '%s' \"$PATH\"\n");
    let shim = place.shim(&plain("../package/tell", None));
    for path in ["/bin:relative:/x/node_modules/.bin:", "/usr/bin:/bin"] {
        assert_eq!(said(Command::new("/bin/sh").arg(&shim).env("PATH", path)), path);
    }
}

#[test]
fn a_ring_of_links_ends() {
    let place = Place::new();
    let shim = place.shim(&plain("../package/tell", None));
    symlink("b", place.path("a")).unwrap();
    symlink("a", place.path("b")).unwrap();
    // `$0` is whatever the caller says.
    let output = Command::new("/bin/sh")
        .arg("-c")
        .arg(std::fs::read_to_string(shim).unwrap())
        .arg(place.path("a"))
        .output()
        .unwrap();
    assert!(!output.status.success());
}

#[test]
fn failures_of_the_executable_are_passed_on() {
    let place = Place::new();
    place.write("package/fails", "#!/bin/sh\nexit 7\n");
    let shim = place.shim(&plain("../package/fails", None));
    assert_eq!(Command::new(shim).status().unwrap().code(), Some(7));
}
