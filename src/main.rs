//! Parses the command line, hands over to a command, maps the outcome to an exit code.

fn main() {}
