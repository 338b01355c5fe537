//! What the viewer chose: what is open, where the log stands, whether the picture is held still.

use crate::core::model::Model;

/// A picture that is held still.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The model as it was.
    pub model: Box<Model>,
    /// The run's time then.
    pub now: u64,
}

/// The viewer's choices, and the time it is.
#[derive(Debug, Clone, Default)]
pub struct ViewState {
    /// Microseconds since the run began; goes on while the picture is held still.
    pub now: u64,
    /// The picture that is shown instead of the present one.
    pub frozen: Option<Frozen>,
    /// The help page is open.
    pub help: bool,
    /// Log entries between the newest one and the lowest one shown.
    pub log_back: usize,
    /// The viewer asked the run to stop.
    pub cancelling: bool,
}

impl ViewState {
    /// The time of the picture on screen.
    #[must_use]
    pub fn shown_now(&self) -> u64 {
        self.frozen.as_ref().map_or(self.now, |frozen| frozen.now)
    }

    /// Holds the picture still, or lets it go on.
    pub fn toggle_freeze(&mut self, model: &Model) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Frozen { model: Box::new(model.clone()), now: self.now }),
        };
    }
}
