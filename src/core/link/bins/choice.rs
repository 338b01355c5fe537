//! Who gets a command's name when several packages have it.

use node_semver::Version;

use super::declared::DeclaredBins;

/// How a package came to be beside a `.bin` folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It was hoisted there.
    Hoisted,
    /// Something names it.
    Direct,
}

/// Commands whose name does not tell which package they belong to, with the packages they do belong to
/// (pnpm: `cmd-shim/src/bin_resolver.rs`).
const OWNERS: [(&str, &[&str]); 5] = [
    ("npx", &["npm"]),
    ("pn", &["pnpm", "@pnpm/exe"]),
    ("pnpm", &["@pnpm/exe"]),
    ("pnpx", &["pnpm", "@pnpm/exe"]),
    ("pnx", &["pnpm", "@pnpm/exe"]),
];

fn owns(package: &str, command: &str) -> bool {
    package == command || OWNERS.iter().any(|(name, owners)| *name == command && owners.contains(&package))
}

/// Whether the second package takes a command from the first: what is named goes before what was hoisted, then the
/// command's owner, then of one package the higher version, then the name that sorts first.
#[must_use]
pub fn takes_over(
    command: &str,
    (holder, holder_origin): (&DeclaredBins, Origin),
    (rival, rival_origin): (&DeclaredBins, Origin),
) -> bool {
    if holder_origin != rival_origin {
        return rival_origin > holder_origin;
    }
    let (holder_owns, rival_owns) = (owns(&holder.name, command), owns(&rival.name, command));
    if holder_owns != rival_owns {
        return rival_owns;
    }
    if holder.name != rival.name {
        return rival.name < holder.name;
    }
    match (Version::parse(&holder.version), Version::parse(&rival.version)) {
        (Ok(holder), Ok(rival)) => rival > holder,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(spec: &str) -> DeclaredBins {
        let (name, version) = spec.rsplit_once('@').unwrap();
        DeclaredBins { name: name.into(), version: version.into(), commands: Vec::new() }
    }

    fn winner<'a>(command: &str, first: (&'a str, Origin), second: (&'a str, Origin)) -> &'a str {
        let (one, two) = (package(first.0), package(second.0));
        let way = takes_over(command, (&one, first.1), (&two, second.1));
        let back = takes_over(command, (&two, second.1), (&one, first.1));
        assert!(!(way && back), "both take over");
        if way { second.0 } else { first.0 }
    }

    #[test]
    fn what_is_named_goes_before_what_was_hoisted_even_over_the_owner() {
        let owner = ("tool@1.0.0", Origin::Hoisted);
        assert_eq!(winner("tool", owner, ("zzz@1.0.0", Origin::Direct)), "zzz@1.0.0");
        assert_eq!(winner("tool", ("zzz@1.0.0", Origin::Direct), owner), "zzz@1.0.0");
    }

    #[test]
    fn the_owner_goes_before_others() {
        let direct = Origin::Direct;
        assert_eq!(winner("tool", ("a@1.0.0", direct), ("tool@1.0.0", direct)), "tool@1.0.0");
        assert_eq!(winner("npx", ("a@1.0.0", direct), ("npm@1.0.0", direct)), "npm@1.0.0");
        assert_eq!(winner("pnpx", ("@pnpm/exe@1.0.0", direct), ("a@1.0.0", direct)), "@pnpm/exe@1.0.0");
    }

    #[test]
    fn of_one_package_the_higher_version_goes_first_and_else_the_name_that_sorts_first() {
        let direct = Origin::Direct;
        assert_eq!(winner("x", ("a@1.9.0", direct), ("a@1.10.0", direct)), "a@1.10.0");
        assert_eq!(winner("x", ("a@2.0.0", direct), ("a@2.0.0-rc.1", direct)), "a@2.0.0");
        assert_eq!(winner("x", ("a@odd", direct), ("a@1.0.0", direct)), "a@odd");
        assert_eq!(winner("x", ("b@1.0.0", direct), ("a@0.1.0", direct)), "a@0.1.0");
    }
}
