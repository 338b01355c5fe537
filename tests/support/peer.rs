//! The real pnpm, where it is installed, to compare with.

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::project::Site;

/// A pnpm of the version line we follow: the program that `PACWATCH_TEST_PNPM` names, else the one on the `PATH`.
/// Without one, a test that needs it has nothing to compare with and passes.
pub fn pnpm() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let search = || {
        let named = env::var_os("PACWATCH_TEST_PNPM").map(PathBuf::from);
        let on_path = env::var_os("PATH")
            .into_iter()
            .flat_map(|path| env::split_paths(&path).map(|folder| folder.join("pnpm")).collect::<Vec<_>>());
        named.into_iter().chain(on_path).find(|program| {
            let version = Command::new(program).arg("--version").current_dir(env::temp_dir()).output();
            version.is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"12."))
        })
    };
    FOUND.get_or_init(search).clone()
}

/// Likewise; says on standard error that a test has nothing to compare with.
pub fn pnpm_or_skip(test: &str) -> Option<PathBuf> {
    let found = pnpm();
    if found.is_none() {
        let words =
            format!("{test}: SKIPPED, there is no pnpm 12 on the PATH and PACWATCH_TEST_PNPM names none\n");
        // Not by a macro, whose words are shown only when a test fails.
        let _ = std::io::stderr().write_all(words.as_bytes());
    }
    found
}

/// Runs it in a project, away from the configuration of whoever runs the tests.
pub fn run_pnpm(program: &PathBuf, site: &Site, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(&site.project)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .envs(site.environment())
        .env("CI", "false")
        .output()
        .expect("pnpm was there a moment ago")
}
