//! The text of a shim: a small shell script in a `.bin` folder that starts an executable elsewhere.
//!
//! The wording is ours; what it does, and its last line, by which installers know their own, are pnpm's. Everything
//! that comes from outside is quoted: a path or an argument can be anything and is never taken for shell.

use super::runtime::Runtime;

/// How the last line begins; the target follows.
pub const MARKER: &str = "# cmd-shim-target=";

/// How the line begins that extends `NODE_PATH`.
pub const NODE_PATH_LINE: &str = "export NODE_PATH=";

/// What a shim is to start.
#[derive(Debug, Clone, Copy)]
pub struct Shim<'a> {
    /// The executable, relative to the shim's folder.
    pub target: &'a str,
    /// The executable as the last line has it.
    pub marker: &'a str,
    /// What runs it; `None`: it is started itself.
    pub runtime: Option<&'a Runtime>,
    /// Folders for `NODE_PATH`: absolute, or relative to the shim's folder.
    pub node_path: &'a [String],
}

/// The part that is the same in all shims: it finds out where the shim lies.
const HEAD: &str = r#"#!/bin/sh
# Starts an executable of an installed package; the last line says which. An install writes it anew.

# No package may pose as a tool that this script calls: they are looked for in the system's folders, then on PATH
# without relative folders and without any node_modules.
shim_path_given=${PATH+yes}
shim_path_before=${PATH-}
shim_path_tools=/usr/bin:/bin
shim_path_rest=$shim_path_before:
while [ -n "$shim_path_rest" ]; do
  shim_folder=${shim_path_rest%%:*}
  shim_path_rest=${shim_path_rest#*:}
  case $shim_folder in
    */node_modules | */node_modules/*) ;;
    /*) shim_path_tools=$shim_path_tools:$shim_folder ;;
  esac
done
PATH=$shim_path_tools

shim_system=
{ read -r shim_system < /proc/version; } 2> /dev/null || :

# Where this file really lies: a link may have been called, or a link to a link.
shim_self=$0
case $shim_system in
  *CYGWIN* | *MINGW* | *MSYS*)
    while case $shim_self in *\\*) ;; *) false ;; esac; do
      shim_self=${shim_self%%\\*}/${shim_self#*\\}
    done
    ;;
esac
case $shim_self in
  */*) ;;
  *) shim_self=./$shim_self ;;
esac
shim_links=0
while [ -L "$shim_self" ] && [ "$shim_links" -lt 40 ]; do
  shim_links=$((shim_links + 1))
  shim_next=$(readlink "$shim_self")
  case $shim_next in
    /*) shim_self=$shim_next ;;
    *) shim_self=${shim_self%/*}/$shim_next ;;
  esac
done
basedir_abs=$(CDPATH='' cd -P -- "${shim_self%/*}/" && pwd -P) || exit 1

# Programs of Windows want paths of Windows.
basedir_win=
exe=
msys=
case $shim_system in
  *CYGWIN* | *MINGW* | *MSYS*)
    basedir_win=$(cygpath -w "$basedir_abs" 2> /dev/null)
    exe=.exe
    msys=yes
    ;;
  *WSL2*)
    basedir_win=$(wslpath -w "$basedir_abs" 2> /dev/null)
    if [ -n "$basedir_win" ]; then exe=.exe; fi
    ;;
esac
if [ -z "$basedir_win" ]; then basedir_win=$basedir_abs; fi
if [ -n "$shim_path_given" ]; then PATH=$shim_path_before; else unset PATH; fi

"#;

/// Whether a text begins like the shims written here, of this version or another.
#[must_use]
pub fn is_ours(text: &str) -> bool {
    text.lines().nth(1) == HEAD.lines().nth(1)
}

impl Shim<'_> {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(4096);
        text.push_str(HEAD);
        if !self.node_path.is_empty() {
            let folders: Vec<String> = self.node_path.iter().map(|folder| placed(folder)).collect();
            text.push_str(NODE_PATH_LINE);
            text.push_str(&folders.join(":"));
            text.push_str("${NODE_PATH:+\":$NODE_PATH\"}\n");
        }
        text.push_str(&self.start());
        text.push_str(MARKER);
        text.push_str(self.marker);
        text.push('\n');
        text
    }

    /// The part that hands over to the executable.
    fn start(&self) -> String {
        let target = placed(self.target);
        let Some(runtime) = self.runtime else {
            return format!("exec {target} \"$@\"\nexit $?\n");
        };
        let program = quoted(&runtime.program);
        let words: Vec<String> = runtime.arguments.iter().map(|word| quoted(word)).collect();
        let words = words.join(" ");
        let target_win = placed_at("basedir_win", self.target);
        let targets = format!("shim_target={target}\nshim_target_win={target_win}\n");
        // The shell of Cygwin and MSYS takes a word that begins with one slash for a path.
        if runtime.program == "cmd" && words == "/C" {
            return targets
                + "if [ -n \"$msys\" ]; then set -- //C \"$shim_target_win\" \"$@\"; \
                   else set -- /C \"$shim_target\" \"$@\"; fi\n\
                   if [ -n \"$exe\" ]; then exec cmd.exe \"$@\"; fi\n\
                   exec cmd \"$@\"\nexit $?\n";
        }
        let last = format!("exec {program} {words} \"$shim_target\" \"$@\"\nexit $?\n");
        if runtime.program.contains('/') {
            return targets + &last;
        }
        // A name is looked for beside the shim first.
        let beside = format!("\"$basedir_abs\"/{program}");
        let found = format!(
            "if [ -n \"$exe\" ] && [ -x {beside}.exe ]; then\n  \
               exec {beside}.exe {words} \"$shim_target_win\" \"$@\"\n\
             elif [ -x {beside} ]; then\n  \
               exec {beside} {words} \"$shim_target\" \"$@\"\n\
             elif command -v {program} > /dev/null 2>&1; then\n  \
               if [ -n \"$msys\" ]; then shim_target=$shim_target_win; fi\n  \
               exec {program} {words} \"$shim_target\" \"$@\"\n\
             elif [ -n \"$exe\" ] && command -v {program}.exe > /dev/null 2>&1; then\n  \
               exec {program}.exe {words} \"$shim_target_win\" \"$@\"\n\
             fi\n"
        );
        targets + &found + &last
    }
}

/// A path as a word of shell: an absolute one as it is, another from the shim's folder on.
fn placed(path: &str) -> String {
    if path.starts_with('/') { quoted(path) } else { placed_at("basedir_abs", path) }
}

fn placed_at(variable: &str, path: &str) -> String {
    format!("\"${variable}\"/{}", in_quotes(path))
}

/// A word of shell that stands for this text and nothing else.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { in_quotes(text) }
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
#[path = "shim_tests.rs"]
mod tests;
