//! What this machine is, in the words of package.json. No program is run to find out.

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
    let libc = if os == "linux" { linux_libc().unwrap_or("unknown") } else { "unknown" };
    Host { os: os.to_owned(), cpu: cpu.to_owned(), libc: libc.to_owned() }
}

fn linux_libc() -> Option<&'static str> {
    loader_of_this_process().or_else(libc_of_ldd).or_else(installed_loader)
}

/// The maps of a dynamically linked process name its loader. A static one has none.
fn loader_of_this_process() -> Option<&'static str> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(|line| libc_of_loader(line.rsplit('/').next()?))
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
    std::fs::File::open("/usr/bin/ldd").ok()?.take(2048).read_to_end(&mut start).ok()?;
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
        entries.flatten().find_map(|entry| libc_of_loader(entry.file_name().to_str()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_names() {
        let host = host();
        assert!(!host.os.is_empty() && !host.cpu.is_empty());
        assert!(["glibc", "musl", "unknown"].contains(&host.libc.as_str()));
    }

    #[test]
    fn a_loader_tells_its_library() {
        assert_eq!(libc_of_loader("ld-musl-x86_64.so.1"), Some("musl"));
        assert_eq!(libc_of_loader("ld-linux-x86-64.so.2"), Some("glibc"));
        assert_eq!(libc_of_loader("libc.so.6"), None);
    }
}
