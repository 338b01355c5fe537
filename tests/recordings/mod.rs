//! Recordings of real runs.

use pacwatch::core::event::Event;

/// The events of a recording in `assets/recordings`.
pub fn recording(name: &str) -> Vec<Event> {
    let path = format!("{}/assets/recordings/{name}.ndjson", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
