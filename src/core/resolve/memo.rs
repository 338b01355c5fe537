//! Answers that were found before: a question that is asked twice is worked on once, also while the first is still
//! being worked on.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

/// Answers by question. Failures are not kept: whoever asks again tries again.
#[derive(Debug)]
pub(super) struct Memo<V>(RefCell<FxHashMap<Box<str>, Arc<OnceCell<V>>>>);

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<V: Clone> Memo<V> {
    /// The answer from before, or the one that `find` comes to.
    pub(super) async fn answer<E>(
        &self,
        question: &str,
        find: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let known = self.0.borrow().get(question).map(Arc::clone);
        let cell =
            known.unwrap_or_else(|| Arc::clone(self.0.borrow_mut().entry(question.into()).or_default()));
        cell.get_or_try_init(|| find()).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_question_is_worked_on_once_and_failures_are_forgotten() {
        let memo = Memo::default();
        let asked = Cell::new(0);
        let find = async || {
            asked.set(asked.get() + 1);
            tokio::task::yield_now().await;
            if asked.get() == 1 { Err("not yet") } else { Ok(asked.get()) }
        };
        assert_eq!(memo.answer("a", find).await, Err("not yet"));
        let both = tokio::join!(memo.answer("a", find), memo.answer("a", find));
        assert_eq!(both, (Ok(2), Ok(2)));
        assert_eq!(memo.answer("b", find).await, Ok(3));
    }
}
