//! The loop: drain the events, fold them, draw when something changed; ask the run what the viewer asks for.
//!
//! At most 30 frames a second; while the run is under way at least 4, so that the clock ticks; one at once when it ends,
//! and then none until a key comes.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::core::clock::Clock;
use crate::core::control::Controls;
use crate::core::event::{Event, EventKind};
use crate::core::model::Model;
use crate::tui::face::Face;
use crate::tui::input::{Input, Message, suspend};
use crate::tui::keymap::Keymap;
use crate::tui::respond::{self, Wish};
use crate::tui::sink::Events;
use crate::tui::state::{Quitting, ViewState};
use crate::tui::terminal;
use crate::tui::theme::Theme;
use crate::tui::turn;

const FRAME: Duration = Duration::from_millis(33);
const TICK: Duration = Duration::from_millis(250);

/// For so long at least events are folded before anything else is done.
const SLICE: Duration = Duration::from_millis(5);

/// Events folded between two looks at the clock.
const BATCH: usize = 256;

/// How long a look for the terminal lasts that does not take what was drawn.
const BLOCKED: Duration = Duration::from_millis(10);

/// What the dashboard is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The run's clock, so that the elapsed time goes on between events.
    pub clock: Clock,
    /// The look.
    pub theme: Theme,
    /// Which keys mean what.
    pub keymap: Keymap,
    /// Whether the mouse is taken from the start.
    pub mouse: bool,
    /// Draw a few rows at the terminal's end instead of taking it over, and leave when the run ends.
    pub inline: bool,
    /// What the viewer has to know of the dashboard itself; stands in the log.
    pub warnings: Vec<String>,
}

impl Options {
    /// Options for a run, with the look that fits this process's environment.
    #[must_use]
    pub fn from_environment(clock: Clock) -> Self {
        let theme = Theme::from_environment(|name| std::env::var(name).ok());
        Self { clock, theme, keymap: Keymap::default(), mouse: true, inline: false, warnings: Vec::new() }
    }
}

/// Why the dashboard cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal could not be taken over or drawn on.
    #[error("cannot draw on the terminal: {0}; `--headless` needs none")]
    Terminal(#[from] io::Error),
}

/// How the dashboard was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// The run had ended.
    Ended,
    /// The viewer did not want to wait for the end of a run that was asked to stop.
    Forced,
    /// A signal: `SIGTERM` or `SIGHUP`. The run was asked to stop.
    Signal(&'static str),
    /// The terminal went away, or some thread panicked. The run was asked to stop.
    Lost,
}

/// A dashboard that was left. The terminal is as it was before.
#[derive(Debug)]
pub struct Closed {
    /// How it was left.
    pub leaving: Leaving,
    model: Model,
    events: Receiver<Event>,
}

impl Closed {
    /// The model as it stands, with all events taken in that have come.
    pub fn model(&mut self) -> &Model {
        while let Ok(event) = self.events.try_recv() {
            self.model.apply(&event);
        }
        &self.model
    }

    /// Waits for the end of the stream and returns the model of the whole run.
    #[must_use]
    pub fn settle(mut self) -> Model {
        for event in self.events {
            self.model.apply(&event);
        }
        self.model
    }
}

/// Shows a run on this thread until the viewer leaves.
///
/// # Errors
/// When there is no terminal to draw on. The run is not asked to stop for that.
pub fn run(events: impl Into<Events>, controls: Controls, options: &Options) -> Result<Closed, TuiError> {
    let Events { receiver: events, bell } = events.into();
    let (sender, messages) = channel();
    let mut screen = Face::enter(options.inline, options.mouse)?;
    let input = Input::start(&sender, &controls)?;
    bell.listen(sender);
    let mut app = App::new(controls, options);
    let leaving = app.show(&mut screen, &events, &messages, options.clock);
    drop(screen);
    drop(input);
    Ok(Closed { leaving, model: app.model, events })
}

struct App {
    model: Model,
    state: ViewState,
    controls: Controls,
    theme: Theme,
    /// The stream has ended, with or without `run_finished`.
    stream_ended: bool,
    /// What is to stand in the log once there is one.
    warnings: Vec<String>,
}

/// What became of the events that have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folded {
    /// There were none.
    Nothing,
    /// All are folded.
    All,
    /// There are more of them.
    Some,
}

/// What the loop does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Stay,
    Mouse,
    Suspend,
    Reenter,
    Leave(Leaving),
}

impl App {
    fn new(controls: Controls, options: &Options) -> Self {
        let state = ViewState {
            keymap: options.keymap.clone(),
            mouse: options.mouse,
            inline: options.inline,
            ..ViewState::default()
        };
        let warnings = options.warnings.clone();
        Self { model: Model::default(), state, controls, theme: options.theme, stream_ended: false, warnings }
    }

    fn show(
        &mut self,
        screen: &mut Face,
        events: &Receiver<Event>,
        messages: &Receiver<Message>,
        clock: Clock,
    ) -> Leaving {
        let mut drawn_at: Option<Instant> = None;
        let mut dirty = true;
        let mut shows_end = false;
        loop {
            // A flood is folded in slices, so that there are frames and keys between them.
            let frame_due = drawn_at.map_or_else(Instant::now, |at| at + FRAME);
            let folded = self.drain(events, frame_due.max(Instant::now() + SLICE));
            dirty |= folded != Folded::Nothing;
            self.warn();
            let ended = self.ended();
            // Whoever asked for the end does not want to look at it.
            if ended && self.state.quitting == Quitting::Cancelling {
                return Leaving::Ended;
            }
            let since_drawn = drawn_at.map_or(TICK, |at| at.elapsed());
            // Nothing is left to be spared once the run has ended.
            let may_draw = since_drawn >= FRAME || (ended && !shows_end);
            let is_due = (dirty && may_draw) || (!ended && since_drawn >= TICK);
            let Ok(is_free) = screen.is_free() else { return self.lose() };
            if is_due && is_free {
                self.state.now = if ended { self.model.wall_us() } else { clock.now().max(self.model.now()) };
                let Self { model, state, theme, .. } = self;
                if screen.draw(model, state, theme).is_err() {
                    return self.lose();
                }
                drawn_at = Some(Instant::now());
                dirty = false;
                shows_end = ended;
                if ended && screen.is_inline() {
                    if screen.has_told_all(&self.model) {
                        return Leaving::Ended;
                    }
                    dirty = true;
                    shows_end = false;
                }
            }
            if !terminal::held() {
                return self.lose();
            }
            // Once the run ended only the viewer can change anything.
            let first = if ended && self.stream_ended && !dirty {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                let left = match (folded, drawn_at) {
                    (Folded::Some, _) => Duration::ZERO,
                    _ if is_due && !is_free => BLOCKED,
                    (_, Some(at)) if dirty => FRAME.saturating_sub(at.elapsed()),
                    _ => FRAME,
                };
                messages.recv_timeout(left)
            };
            let first = match first {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return self.lose(),
            };
            dirty = true;
            for message in std::iter::once(first).chain(messages.try_iter()) {
                let done = match self.message(&message) {
                    Next::Stay => Ok(()),
                    Next::Mouse => {
                        screen.take_mouse(self.state.mouse);
                        Ok(())
                    }
                    Next::Leave(leaving) => return leaving,
                    Next::Suspend => suspend().and_then(|()| screen.reenter()),
                    Next::Reenter => {
                        // Who stopped us may have left the terminal in any state.
                        terminal::restore();
                        screen.reenter()
                    }
                };
                if done.is_err() {
                    return self.lose();
                }
            }
        }
    }

    /// Folds what has come, up to a moment.
    fn drain(&mut self, events: &Receiver<Event>, until: Instant) -> Folded {
        let mut folded = Folded::Nothing;
        loop {
            for _ in 0..BATCH {
                match events.try_recv() {
                    Ok(event) => self.model.apply(&event),
                    Err(TryRecvError::Empty) => return folded,
                    Err(TryRecvError::Disconnected) => {
                        let is_news = folded != Folded::Nothing || !self.stream_ended;
                        self.stream_ended = true;
                        return if is_news { Folded::All } else { Folded::Nothing };
                    }
                }
                folded = Folded::All;
            }
            if Instant::now() >= until {
                return Folded::Some;
            }
        }
    }

    /// Tells what the viewer has to know of the dashboard, after the run's first words.
    fn warn(&mut self) {
        if self.model.run().is_none() {
            return;
        }
        for message in self.warnings.drain(..) {
            let kind = EventKind::Warning { code: None, message, package: None };
            self.model.apply(&Event { seq: 0, at: self.model.now(), kind });
        }
    }

    fn ended(&self) -> bool {
        self.stream_ended || self.model.outcome().is_some()
    }

    fn lose(&self) -> Leaving {
        self.controls.cancel("terminal");
        Leaving::Lost
    }

    fn message(&mut self, message: &Message) -> Next {
        match message {
            Message::Key(key) => self.key(key),
            Message::Mouse(event) => {
                let wish = respond::mouse(&mut self.state, &self.model, event);
                self.fulfil(wish)
            }
            Message::Interrupt => self.interrupt(),
            Message::Terminate(by) => {
                let by = *by;
                self.controls.cancel(by);
                Next::Leave(Leaving::Signal(by))
            }
            Message::TerminalGone => Next::Leave(self.lose()),
            Message::Continued => Next::Reenter,
            Message::Redraw | Message::Ended => Next::Stay,
        }
    }

    fn key(&mut self, key: &KeyEvent) -> Next {
        // Ctrl-C again means now, whatever else it was bound to.
        let is_break = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        if is_break && self.state.quitting == Quitting::Asked {
            self.controls.cancel("key");
            return Next::Leave(Leaving::Forced);
        }
        let wish = respond::key(&mut self.state, &self.model, key);
        self.fulfil(wish)
    }

    fn fulfil(&mut self, wish: Wish) -> Next {
        match wish {
            Wish::Leave => return Next::Leave(Leaving::Ended),
            Wish::Quit => return self.quit(),
            Wish::Cancel => self.cancel("key"),
            Wish::Suspend => return Next::Suspend,
            Wish::Turn(action) if !self.ended() => turn::turn(&self.controls, action),
            Wish::Nothing | Wish::Turn(_) => {}
            Wish::Theme => self.theme = self.theme.next(),
            Wish::Mouse => return Next::Mouse,
        }
        Next::Stay
    }

    /// A first time asks, unless nothing would be lost; a second time stops the run; a third does not wait for it.
    fn quit(&mut self) -> Next {
        if self.ended() {
            return Next::Leave(Leaving::Ended);
        }
        if self.state.quitting == Quitting::Cancelling {
            return Next::Leave(Leaving::Forced);
        }
        if self.state.quitting == Quitting::Asked || !self.would_lose_work() {
            self.cancel("key");
        } else {
            self.state.quitting = Quitting::Asked;
        }
        Next::Stay
    }

    fn interrupt(&mut self) -> Next {
        if self.ended() {
            return Next::Leave(Leaving::Ended);
        }
        if self.state.quitting == Quitting::Cancelling {
            return Next::Leave(Leaving::Forced);
        }
        self.cancel("SIGINT");
        Next::Stay
    }

    fn cancel(&mut self, by: &'static str) {
        self.state.quitting = Quitting::Cancelling;
        self.controls.cancel(by);
    }

    /// Something was fetched or linked that a later run would have to look at again.
    fn would_lose_work(&self) -> bool {
        let totals = self.model.totals();
        totals.fetched + totals.imported > 0 || !self.model.in_flight().is_empty()
    }
}
