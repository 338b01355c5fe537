//! Projects that several test programs install.

use super::archive::LongName;
use super::lockfile::Group;
use super::packages::Package;
use super::project::Project;

/// A project with every shape of package and of edge that a registry has: scopes, aliases, peers bound in two ways,
/// cycles, executables, long and odd names, files that packages share, no manifest, optional ones for this and for
/// another machine.
pub fn of_every_shape() -> Project {
    let license = "the same words in every package\n";
    let react = |version| {
        Package::new("react", version)
            .file("index.js", format!("exports.version = '{version}'\n"))
            .file("LICENSE", license)
    };
    let dom = Package::new("@ui/dom", "1.0.0")
        .peer("react", "*")
        .dependency("loose", "1.4.0")
        .file("lib/deep/er/index.js", "exports.dom = 1\n")
        .file("LICENSE", license);
    let loose = Package::new("loose", "1.4.0")
        .bin("loose", "cli.js")
        .executable("cli.js", "#!/usr/bin/env node\n")
        .file("index.js", "")
        .file("Case.js", "upper")
        .file("case.js", "lower")
        .file("twin.sh", "twin")
        .executable("twin", "twin");
    let cycle = |name: &str, other: &str| {
        Package::new(name, "1.0.0")
            .dependency(other, "1.0.0")
            .file("index.js", format!("require('{other}')\n"))
    };
    let long = format!("{}/name.js", "folder".repeat(25));
    let odd = Package::new("odd", "0.0.1-beta.1")
        .file_named_by(&long, "long", LongName::Pax)
        .file("a b/ü.txt", "not ASCII")
        .file("empty", "")
        .aliased_dependency("other-name", "loose", "1.4.0")
        .aliased_dependency("@alias/dom", "loose", "1.4.0");
    let native =
        |name: &str, os: &str| Package::new(name, "1.0.0").only_on("os", &[os]).file("native.node", name);
    let wrapper = Package::new("wrapper", "2.0.0")
        .optional_dependency("@native/here", "1.0.0")
        .optional_dependency("@native/elsewhere", "1.0.0")
        .file("index.js", "module.exports = 1\n");
    let here = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    Project::new()
        .direct(&react("18.0.0"))
        .package(&react("17.0.0"))
        .package_with_peers(&dom, &[("react", "18.0.0")])
        .package_with_peers(&dom, &[("react", "17.0.0")])
        .package(&loose)
        .package(&cycle("ping", "pong"))
        .package(&cycle("pong", "ping"))
        .package(&native("@native/here", here))
        .package(&native("@native/elsewhere", "aix"))
        .package(&Package::new("bare", "1.0.0").without_manifest().file("x.js", "x"))
        .package(&wrapper)
        .depend("@ui/dom", "1.0.0(react@18.0.0)")
        .depend("dom-for-17", "@ui/dom@1.0.0(react@17.0.0)")
        .depend("react-17", "react@17.0.0")
        .depend("ping", "1.0.0")
        .depend("bare", "1.0.0")
        .depend_in(Group::Development, "wrapper", "2.0.0")
        .direct_optional(&odd)
}

/// Packages that depend one on the next.
pub const CHAIN: usize = 20;

/// A project of `count` packages, each with some small files of its own and one that all share, in chains.
pub fn of_many(count: usize, files: usize) -> Project {
    of_many_named("many", count, files)
}

/// Likewise; projects with the same prefix and with counts that are multiples of [`CHAIN`] share their first packages.
pub fn of_many_named(prefix: &str, count: usize, files: usize) -> Project {
    let mut project = Project::new();
    for number in 0..count {
        project = project.direct(&one_of_many(prefix, number, count, files));
    }
    project
}

fn one_of_many(prefix: &str, number: usize, count: usize, files: usize) -> Package {
    let mut package = Package::new(&format!("{prefix}-{number}"), "1.0.0").file("LICENSE", "free\n");
    let next = number + 1;
    if next < count && !next.is_multiple_of(CHAIN) {
        package = package.dependency(&format!("{prefix}-{next}"), "1.0.0");
    }
    for file in 0..files {
        let text = format!("exports.text = '{prefix} {number} {file}'\n").repeat(20);
        package = package.file(&format!("lib/{}/file-{file}.js", file % 5), text);
    }
    package
}
