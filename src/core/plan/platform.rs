//! Whether a package fits the operating system, processor and C library, as pnpm and npm judge it.

use super::host::Host;
use crate::core::lockfile::{Lockfile, OneOrMany, PackageMetadata, split};
use std::fmt;

/// `supportedArchitectures`: what to install for instead of this machine. In each list `current` is this machine; an
/// absent list is `[current]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SupportedArchitectures {
    /// Operating systems.
    pub os: Option<Vec<String>>,
    /// Processors.
    pub cpu: Option<Vec<String>>,
    /// C libraries.
    pub libc: Option<Vec<String>>,
}

/// The `os`, `cpu` and `libc` that a package asks for. An absent list asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlatformFields {
    /// Operating systems; `!x` excludes one.
    pub os: Option<Vec<String>>,
    /// Processors; `!x` excludes one.
    pub cpu: Option<Vec<String>>,
    /// C libraries; `!x` excludes one.
    pub libc: Option<Vec<String>>,
}

impl PlatformFields {
    /// The fields of an entry of `packages`.
    #[must_use]
    pub fn of(metadata: &PackageMetadata) -> Self {
        let list = |field: &Option<OneOrMany>| field.as_ref().map(|list| list.as_slice().to_vec());
        Self { os: list(&metadata.os), cpu: list(&metadata.cpu), libc: list(&metadata.libc) }
    }

    fn is_empty(&self) -> bool {
        self.os.is_none() && self.cpu.is_none() && self.libc.is_none()
    }
}

/// A package does not fit the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What the package asks for.
    pub wanted: PlatformFields,
    /// What there is.
    pub current: Host,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut wanted = serde_json::Map::new();
        for (field, values) in
            [("os", &self.wanted.os), ("cpu", &self.wanted.cpu), ("libc", &self.wanted.libc)]
        {
            if let Some(values) = values {
                wanted.insert(field.to_owned(), values.clone().into());
            }
        }
        let current = serde_json::json!({
            "os": self.current.os, "cpu": self.current.cpu, "libc": self.current.libc,
        });
        write!(formatter, "wanted {} (current: {current})", serde_json::Value::Object(wanted))
    }
}

/// Whether a package fits.
///
/// In each list an entry `!x` refuses `x`, any other must match one supported value, a list of nothing but `!x` accepts
/// all it does not refuse, and `[any]` accepts all. `libc` is not looked at where the host's is unknown.
///
/// # Errors
/// It does not fit.
pub fn check(
    wanted: &PlatformFields,
    supported: &SupportedArchitectures,
    host: &Host,
) -> Result<(), Box<Mismatch>> {
    let fits = fits_list(wanted.os.as_deref(), supported.os.as_deref(), &host.os)
        && fits_list(wanted.cpu.as_deref(), supported.cpu.as_deref(), &host.cpu)
        && (host.libc == "unknown"
            || fits_list(wanted.libc.as_deref(), supported.libc.as_deref(), &host.libc));
    if fits { Ok(()) } else { Err(Box::new(Mismatch { wanted: wanted.clone(), current: host.clone() })) }
}

fn fits_list(wanted: Option<&[String]>, supported: Option<&[String]>, current: &str) -> bool {
    let Some(wanted) = wanted else { return true };
    if matches!(wanted, [only] if only == "any") {
        return true;
    }
    let mut matched = false;
    let only_current = [String::from("current")];
    for value in supported.unwrap_or(&only_current) {
        let value = if value == "current" { current } else { value };
        // The first entry that speaks of the value decides.
        for entry in wanted {
            if entry.strip_prefix('!') == Some(value) {
                return false;
            }
            if entry == value {
                matched = true;
                break;
            }
        }
    }
    matched || wanted.iter().all(|entry| entry.starts_with('!'))
}

/// Whether anything in a lockfile asks for a platform or an engine, so that packages have to be held against this machine.
#[must_use]
pub fn is_demanding(lockfile: &Lockfile) -> bool {
    let restricts = |list: &Option<Vec<String>>| {
        list.as_ref()
            .is_some_and(|list| !list.is_empty() && !matches!(list.as_slice(), [any] if any == "any"))
    };
    let declares = |metadata: &PackageMetadata| {
        let fields = PlatformFields::of(metadata);
        ["node", "pnpm"].iter().any(|engine| metadata.engines.contains_key(*engine))
            || [&fields.os, &fields.cpu, &fields.libc].into_iter().any(restricts)
    };
    lockfile.packages.values().any(declares)
        || lockfile.snapshots.iter().filter(|(_, snapshot)| snapshot.optional).any(|(dep_path, _)| {
            let name = split(dep_path).name;
            lockfile
                .metadata(dep_path)
                .is_some_and(|metadata| inferred(name, &PlatformFields::of(metadata)).is_some())
        })
}

/// What an optional package asks for when the fields it lacks are read from its name, or `None` if its fields stand as
/// they are.
///
/// Some registries leave these fields out, and the packages that carry programs for one platform are named after it. A
/// name tells nothing where no field is declared and it has no operating system in it.
#[must_use]
pub fn inferred(name: &str, declared: &PlatformFields) -> Option<PlatformFields> {
    if declared.os.is_some() && declared.cpu.is_some() && declared.libc.is_some() {
        return None;
    }
    let bare = name.split_once('/').map_or(name, |(_, bare)| bare).to_lowercase();
    let pick = |meaning: fn(&str) -> Option<&'static str>| {
        let mut values: Vec<String> = Vec::new();
        for value in bare.split(['-', '_', '.']).filter_map(meaning) {
            if !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
        }
        (!values.is_empty()).then_some(values)
    };
    let from_name = PlatformFields { os: pick(os_of), cpu: pick(cpu_of), libc: pick(libc_of) };
    if from_name.is_empty() || (declared.is_empty() && from_name.os.is_none()) {
        return None;
    }
    let filled = PlatformFields {
        os: declared.os.clone().or(from_name.os),
        cpu: declared.cpu.clone().or(from_name.cpu),
        libc: declared.libc.clone().or(from_name.libc),
    };
    (filled != *declared).then_some(filled)
}

fn os_of(token: &str) -> Option<&'static str> {
    Some(match token {
        "aix" => "aix",
        "android" => "android",
        "darwin" | "macos" | "osx" => "darwin",
        "freebsd" => "freebsd",
        "linux" => "linux",
        "netbsd" => "netbsd",
        "openbsd" => "openbsd",
        "openharmony" => "openharmony",
        "sunos" => "sunos",
        "win32" | "windows" => "win32",
        _ => return None,
    })
}

fn cpu_of(token: &str) -> Option<&'static str> {
    Some(match token {
        "arm" | "armv6" | "armv7" => "arm",
        "arm64" | "aarch64" => "arm64",
        "ia32" => "ia32",
        "loong64" => "loong64",
        "mips64el" => "mips64el",
        "ppc64" | "ppc64le" => "ppc64",
        "riscv64" => "riscv64",
        "s390x" => "s390x",
        "x64" | "amd64" => "x64",
        "wasm32" => "wasm32",
        _ => return None,
    })
}

fn libc_of(token: &str) -> Option<&'static str> {
    Some(match token {
        "glibc" | "gnu" | "gnueabihf" => "glibc",
        "musl" | "musleabihf" => "musl",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux() -> Host {
        Host { os: "linux".into(), cpu: "x64".into(), libc: "glibc".into() }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the fields it is for are optional")]
    fn list(values: &[&str]) -> Option<Vec<String>> {
        Some(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn fits(
        os: Option<Vec<String>>,
        libc: Option<Vec<String>>,
        supported: &SupportedArchitectures,
        host: &Host,
    ) -> bool {
        check(&PlatformFields { os, cpu: None, libc }, supported, host).is_ok()
    }

    #[test]
    fn a_list_accepts_what_it_names_and_refuses_what_it_excludes() {
        for (os, expected) in [
            (None, true),
            (list(&["linux"]), true),
            (list(&["darwin", "linux"]), true),
            (list(&["darwin"]), false),
            (list(&["!linux"]), false),
            (list(&["!win32"]), true),
            (list(&["!win32", "darwin"]), false),
            (list(&["any"]), true),
            (list(&[]), true),
        ] {
            assert_eq!(
                fits(os.clone(), None, &SupportedArchitectures::default(), &linux()),
                expected,
                "{os:?}"
            );
        }
    }

    #[test]
    fn supported_architectures_stand_for_this_machine() {
        let supported =
            |os: &[&str]| SupportedArchitectures { os: list(os), ..SupportedArchitectures::default() };
        assert!(!fits(list(&["linux"]), None, &supported(&["darwin"]), &linux()));
        assert!(fits(list(&["darwin"]), None, &supported(&["darwin"]), &linux()));
        assert!(fits(list(&["linux"]), None, &supported(&["win32", "current"]), &linux()));
    }

    #[test]
    fn the_c_library_is_not_looked_at_where_it_is_unknown() {
        let darwin = Host { os: "darwin".into(), cpu: "arm64".into(), libc: "unknown".into() };
        assert!(fits(None, list(&["musl"]), &SupportedArchitectures::default(), &darwin));
        assert!(!fits(None, list(&["musl"]), &SupportedArchitectures::default(), &linux()));
    }

    #[test]
    fn a_name_tells_the_fields_that_are_missing() {
        let nothing = PlatformFields::default();
        let all = |os: &[&str], cpu: &[&str], libc: Option<Vec<String>>| {
            Some(PlatformFields { os: list(os), cpu: list(cpu), libc })
        };
        assert_eq!(inferred("@esbuild/win32-x64", &nothing), all(&["win32"], &["x64"], None));
        assert_eq!(inferred("@x/a-linux-arm64-gnu", &nothing), all(&["linux"], &["arm64"], list(&["glibc"])));
        assert_eq!(inferred("a.darwin_aarch64", &nothing), all(&["darwin"], &["arm64"], None));
        // A processor alone is no sign, unless some field is declared.
        assert_eq!(inferred("arm-tools", &nothing), None);
        assert_eq!(inferred("lodash", &nothing), None);
        assert_eq!(inferred("@linux/tools", &nothing), None);
        let declared = PlatformFields { os: list(&["linux"]), cpu: list(&["x64"]), libc: None };
        assert_eq!(
            inferred("a-linux-x64-musl", &declared),
            Some(PlatformFields { libc: list(&["musl"]), ..declared.clone() })
        );
        assert_eq!(inferred("a-darwin-arm64", &declared), None);
    }
}
