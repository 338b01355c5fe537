//! Whether a package fits the operating system, processor and C library, as pnpm and npm judge it.

use crate::core::lockfile::{OneOrMany, PackageMetadata};
use std::fmt;

/// The machine, in the names that Node.js uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// `linux`, `darwin`, `win32`, …
    pub os: String,
    /// `x64`, `arm64`, …
    pub cpu: String,
    /// `glibc` or `musl`; `unknown` where it is neither, or not Linux.
    pub libc: String,
}

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
        Self {
            os: list(&metadata.os),
            cpu: list(&metadata.cpu),
            libc: list(&metadata.libc),
        }
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
        for (field, values) in [
            ("os", &self.wanted.os),
            ("cpu", &self.wanted.cpu),
            ("libc", &self.wanted.libc),
        ] {
            if let Some(values) = values {
                wanted.insert(field.to_owned(), values.clone().into());
            }
        }
        let current = serde_json::json!({
            "os": self.current.os, "cpu": self.current.cpu, "libc": self.current.libc,
        });
        write!(
            formatter,
            "wanted {} (current: {current})",
            serde_json::Value::Object(wanted)
        )
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
    if fits {
        Ok(())
    } else {
        Err(Box::new(Mismatch {
            wanted: wanted.clone(),
            current: host.clone(),
        }))
    }
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
    let from_name = PlatformFields {
        os: pick(os_of),
        cpu: pick(cpu_of),
        libc: pick(libc_of),
    };
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

/// This machine. The C library is found without running a program: by the loader this process was started with, by
/// what `ldd` is, then by the loaders that are installed.
#[must_use]
pub fn host() -> Host {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        "solaris" | "illumos" => "sunos",
        other => other,
    };
    let cpu = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" | "powerpc64le" => "ppc64",
        "loongarch64" => "loong64",
        other => other,
    };
    let libc = if os == "linux" {
        linux_libc().unwrap_or("unknown")
    } else {
        "unknown"
    };
    Host {
        os: os.to_owned(),
        cpu: cpu.to_owned(),
        libc: libc.to_owned(),
    }
}

fn linux_libc() -> Option<&'static str> {
    loader_of_this_process()
        .or_else(libc_of_ldd)
        .or_else(installed_loader)
}

/// The maps of a dynamically linked process name its loader. A static one has none.
fn loader_of_this_process() -> Option<&'static str> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines()
        .find_map(|line| libc_of_loader(line.rsplit('/').next()?))
}

fn libc_of_loader(file_name: &str) -> Option<&'static str> {
    if file_name.starts_with("ld-musl-") {
        Some("musl")
    } else if file_name.starts_with("ld-linux") || file_name.starts_with("ld64.so") {
        Some("glibc")
    } else {
        None
    }
}

fn libc_of_ldd() -> Option<&'static str> {
    use std::io::Read as _;
    let mut start = Vec::new();
    std::fs::File::open("/usr/bin/ldd")
        .ok()?
        .take(2048)
        .read_to_end(&mut start)
        .ok()?;
    let start = String::from_utf8_lossy(&start);
    if start.contains("musl") {
        Some("musl")
    } else if start.contains("GNU C Library") || start.contains("GNU libc") {
        Some("glibc")
    } else {
        None
    }
}

fn installed_loader() -> Option<&'static str> {
    ["/lib", "/lib64"].into_iter().find_map(|directory| {
        let entries = std::fs::read_dir(directory).ok()?;
        entries
            .flatten()
            .find_map(|entry| libc_of_loader(entry.file_name().to_str()?))
    })
}
