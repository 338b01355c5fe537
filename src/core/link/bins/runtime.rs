//! What runs an executable: the interpreter that its first line names, or the one its extension stands for.
//!
//! The first line is a stranger's text. It is taken apart into words here, and every word is quoted where it is
//! written into a script.

/// How many bytes of a file are looked at.
pub const HEAD_LENGTH: usize = 512;

/// An interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// Its name, or its path.
    pub program: String,
    /// What it is given before the file.
    pub arguments: Vec<String>,
}

/// Finds the interpreter of a file by its beginning and its name. `None`: the system runs the file itself.
#[must_use]
pub fn runtime_of(path: &str, head: &[u8]) -> Option<Runtime> {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Some(runtime) = line.strip_prefix(b"#!").and_then(from_first_line) {
        return Some(runtime);
    }
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let (program, arguments) = match name.rsplit_once('.')? {
        ("", _) => return None,
        (_, "js" | "cjs" | "mjs") => ("node", None),
        (_, "sh") => ("sh", None),
        (_, "cmd" | "bat") => ("cmd", Some("/C")),
        (_, "ps1") => ("pwsh", None),
        _ => return None,
    };
    Some(Runtime {
        program: program.to_owned(),
        arguments: arguments.into_iter().map(str::to_owned).collect(),
    })
}

fn from_first_line(line: &[u8]) -> Option<Runtime> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    let (line, by_env) = match line.strip_prefix("/usr/bin/env") {
        Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => {
            let rest = rest.trim_start();
            (rest.strip_prefix("-S").unwrap_or(rest), true)
        }
        _ => (line, false),
    };
    let words = words(line);
    let first = words.first()?;
    // What only env itself understands: its options, and variables for the program.
    let skip = usize::from(!(by_env && (first.starts_with('-') || first.contains('='))));
    Some(Runtime {
        program: if skip == 0 { "env".to_owned() } else { first.clone() },
        arguments: words.into_iter().skip(skip).collect(),
    })
}

/// The words of a line, with a shell's quotes taken off. Nothing in them is expanded.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quote, mut in_word) = (None, false);
    let mut characters = line.chars().filter(|character| !character.is_control() || *character == '\t');
    while let Some(character) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            in_word = false;
            continue;
        }
        if !in_word {
            words.push(String::new());
            in_word = true;
        }
        let Some(word) = words.last_mut() else { continue };
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => word.push(characters.next().unwrap_or('\\')),
            _ => word.push(character),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(path: &str, head: &str) -> Option<String> {
        runtime_of(path, head.as_bytes()).map(|runtime| {
            let words: Vec<String> = std::iter::once(runtime.program).chain(runtime.arguments).collect();
            words.join("|")
        })
    }

    #[test]
    fn the_first_line_goes_before_the_extension() {
        for (line, runtime) in [
            ("#!/usr/bin/env node\nx", "node"),
            ("#!/usr/bin/env -S node --title=x -r y\nx", "node|--title=x|-r|y"),
            ("#!/usr/bin/env  node\r\nx", "node"),
            ("#! /bin/sh -e\nx", "/bin/sh|-e"),
            ("#!/usr/bin/envy x\n", "/usr/bin/envy|x"),
            ("#!/usr/bin/env -S A=1 node\n", "env|A=1|node"),
            ("#!/usr/bin/env -S node --title='a b' \"c d\" e\\ f\n", "node|--title=a b|c d|e f"),
        ] {
            assert_eq!(seen("x.sh", line).as_deref(), Some(runtime), "{line:?}");
        }
    }

    #[test]
    fn without_a_first_line_the_extension_tells() {
        for (path, runtime) in [
            ("bin/x.js", Some("node")),
            ("x.cjs", Some("node")),
            ("x.mjs", Some("node")),
            ("x.sh", Some("sh")),
            ("x.cmd", Some("cmd|/C")),
            ("x.bat", Some("cmd|/C")),
            ("x.ps1", Some("pwsh")),
            ("x.py", None),
            ("a.js/x", None),
            (".js", None),
        ] {
            assert_eq!(seen(path, "console.log(1)").as_deref(), runtime, "{path}");
            assert_eq!(seen(path, " #!/bin/sh").as_deref(), runtime, "{path}");
            assert_eq!(seen(path, "#!\n").as_deref(), runtime, "{path}");
        }
    }
}
