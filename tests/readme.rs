//! What the README says of the dashboard is what the program does: its table of keys is made from the key table.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;

use pacwatch::tui::keymap::{BINDINGS, Keymap, Place};

/// The table of keys as the README has it.
fn table() -> String {
    let map = Keymap::default();
    let mut out = String::from("| key | action | what it does |\n|---|---|---|\n");
    for binding in BINDINGS {
        let keys: Vec<String> = map.labels(binding.action).iter().map(|key| format!("`{key}`")).collect();
        let place = match binding.place {
            Place::In(panes) if panes.len() <= 2 => {
                let names: Vec<&str> = panes.iter().map(|pane| pane.name()).collect();
                format!(" ({})", names.join(", "))
            }
            _ => String::new(),
        };
        let keys = keys.join(" ");
        writeln!(out, "| {keys} | `{}` | {}{place} |", binding.name, binding.help).unwrap();
    }
    out
}

#[test]
fn the_readme_lists_every_key_and_its_action() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (begin, end) = ("<!-- keys -->\n", "<!-- end of keys -->");
    let from = readme.find(begin).unwrap() + begin.len();
    let to = readme.find(end).unwrap();
    if std::env::var_os("PACWATCH_WRITE_README").is_some() {
        let written = format!("{}{}{}", &readme[..from], table(), &readme[to..]);
        std::fs::write(path, written).unwrap();
        return;
    }
    assert_eq!(&readme[from..to], table(), "PACWATCH_WRITE_README=1 cargo test --test readme makes it anew");
}
