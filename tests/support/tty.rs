//! A program in a real pseudo-terminal: what is on its screen, keys and signals for it, and whether it gives the
//! terminal back as it was.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// Long enough for the slowest machine; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Columns and rows of a terminal nobody resized.
const SIZE: (u16, u16) = (80, 24);

/// A terminal and the program that runs in it.
pub struct Tty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
    mode_before: String,
    /// Nobody reads from the terminal any more.
    hung_up: Arc<AtomicBool>,
    /// Nobody reads from the terminal for a while.
    blocked: Arc<AtomicBool>,
}

/// What a program left behind.
pub struct Left {
    /// The screen's text.
    pub text: String,
    /// How it exited.
    pub status: ExitStatus,
}

fn pty_size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn lines(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

/// The mode of the line discipline, as text so that two can be compared.
fn mode(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

impl Tty {
    /// Starts a program in a terminal of 80 columns and 24 rows.
    pub fn spawn(command: &[String]) -> Self {
        let mut builder = CommandBuilder::new(&command[0]);
        builder.args(&command[1..]);
        builder.env("TERM", "xterm-256color");
        Self::start(builder)
    }

    /// Likewise, with an environment that is only what is given here, and in a folder.
    pub fn spawn_in<'a>(
        folder: &Path,
        command: &[String],
        environment: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        let mut builder = CommandBuilder::new(&command[0]);
        builder.args(&command[1..]);
        builder.cwd(folder);
        builder.env_clear();
        for (name, value) in environment {
            builder.env(name, value);
        }
        Self::start(builder)
    }

    fn start(builder: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(pty_size(SIZE)).unwrap();
        let mode_before = mode(&*pair.master);
        let child = pair.slave.spawn_command(builder).unwrap();
        drop(pair.slave);
        let (columns, rows) = SIZE;
        let screen = Arc::new(Mutex::new(vt100::Parser::new(lines(rows), lines(columns), 200)));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let (to_screen, to_bytes) = (Arc::clone(&screen), Arc::clone(&bytes));
        let hung_up = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&hung_up);
        let blocked = Arc::new(AtomicBool::new(false));
        let wait = Arc::clone(&blocked);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = output.read(&mut buffer) {
                while wait.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                if read == 0 || stop.load(Ordering::SeqCst) {
                    break;
                }
                to_screen.lock().unwrap().process(&buffer[..read]);
                to_bytes.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, writer, child, screen, bytes, reader, mode_before, hung_up, blocked }
    }

    /// Stops reading what the program writes, or goes on with it.
    pub fn block(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::SeqCst);
    }

    /// What is on screen.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// What is on screen and what scrolled out of it, all that a viewer finds when scrolling up.
    pub fn scrollback(&self) -> String {
        let mut parser = self.screen.lock().unwrap();
        let screen = parser.screen_mut();
        let (rows, columns) = screen.size();
        // The parser says how far it can scroll by scrolling no farther.
        screen.set_scrollback(usize::MAX);
        let mut lines: Vec<String> = Vec::new();
        for back in (1..=screen.scrollback()).rev() {
            screen.set_scrollback(back);
            lines.extend(screen.rows(0, columns.get()).next());
        }
        screen.set_scrollback(0);
        lines.extend(screen.rows(0, columns.get()).take(rows.get().into()));
        lines.join("\n")
    }

    /// Every byte that was written to the terminal so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    /// The program has the alternate screen.
    pub fn on_alternate_screen(&self) -> bool {
        self.screen.lock().unwrap().screen().alternate_screen()
    }

    /// The line discipline is as it was before the program ran.
    pub fn mode_is_untouched(&self) -> bool {
        mode(&*self.master) == self.mode_before
    }

    /// Waits until something is so.
    pub fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !condition(self) {
            assert!(begin.elapsed() < PATIENCE, "never {what}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a text is on screen.
    pub fn until_text(&self, text: &str) {
        self.until(text, |tty| tty.text().contains(text));
    }

    /// Waits until nothing was written for a while: a frame may arrive in pieces.
    pub fn until_still(&self) {
        self.until("still", |tty| {
            let before = tty.bytes().len();
            std::thread::sleep(Duration::from_millis(400));
            tty.bytes().len() == before
        });
    }

    /// Presses keys.
    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(lines(rows), lines(columns));
        self.master.resize(pty_size((columns, rows))).unwrap();
    }

    /// Waits until the program has exited.
    pub fn until_exit(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "never ended:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the end and checks that the terminal is as it was.
    pub fn ended(mut self) -> Left {
        let status = self.until_exit();
        // Everything that was written has been read once the program's end of the terminal is closed.
        self.until("at the end of its output", |tty| tty.reader.is_finished());
        let changed = changed_private_modes(&self.bytes());
        assert!(changed.is_empty(), "private modes were changed: {changed:?}");
        assert_eq!(mode(&*self.master), self.mode_before, "the line discipline was changed");
        Left { text: self.scrollback(), status }
    }

    /// Closes the terminal under the program and waits until that has exited.
    pub fn hang_up(self) {
        let Self { master, writer, mut child, hung_up, .. } = self;
        // The reader lets go with the next frame.
        hung_up.store(true, Ordering::SeqCst);
        drop((master, writer));
        let begin = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begin.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("still running without a terminal");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The private modes (`CSI ? … h` and `CSI ? … l`) that are not as a terminal has them at first, after these bytes.
pub fn changed_private_modes(bytes: &[u8]) -> Vec<(u16, bool)> {
    let mut modes = BTreeMap::new();
    for sequence in String::from_utf8_lossy(bytes).split("\u{1b}[?").skip(1) {
        let Some(end) = sequence.find(|letter: char| letter != ';' && !letter.is_ascii_digit()) else {
            continue;
        };
        let set = sequence[end..].starts_with('h');
        if set || sequence[end..].starts_with('l') {
            modes.extend(sequence[..end].split(';').filter_map(|mode| Some((mode.parse().ok()?, set))));
        }
    }
    // Line wrap and the cursor are on at first, all others off.
    modes.into_iter().filter(|(mode, set)| *set != matches!(mode, 7 | 25)).collect()
}
