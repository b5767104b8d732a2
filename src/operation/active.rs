use super::recorder::{ERROR, End, Ending, FinishedKey, Recorder, active_key};
use crate::store::{Active, Finished, Key};
use std::{fmt, mem::ManuallyDrop, thread};

/// An operation that was started and has not ended.
///
/// Made by [`Operation::start`](crate::Operation::start). It is counted once, when it is dropped: as *cancelled*, or as
/// a *panic* if a panic drops it. Methods such as [`ok`](Self::ok) consume it and set another ending.
///
/// ```
/// use tower_red::{MetricsLayer, Operation};
///
/// let (_metrics, exposition) = MetricsLayer::pair();
/// let jobs = Operation::builder("job").labels(["kind"]).expose_on(&exposition)?;
///
/// let job = jobs.start(["mail"]);
/// let sent: Result<(), &str> = Err("no connection");
/// job.finish(&sent);
/// jobs.start(["mail"]).ok();
/// jobs.start(["mail"]).fail("timeout");
/// drop(jobs.start(["mail"]));
///
/// let text = exposition.render().unwrap();
/// assert!(text.contains("job_total{kind=\"mail\"} 4\n"));
/// assert!(text.contains("job_errors_total{kind=\"mail\",error=\"error\"} 1\n"));
/// assert!(text.contains("job_errors_total{kind=\"mail\",error=\"timeout\"} 1\n"));
/// assert!(text.contains("job_cancelled_total{kind=\"mail\"} 1\n"));
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[must_use = "an operation that is dropped at once is cancelled"]
pub struct ActiveOperation {
    recorder: &'static Recorder,
    set: u32,
    active: Option<Active>,
    started_at: u64,
    /// `None` until somebody says how it ended.
    ending: Option<Ending>,
    /// By mark, a bit: whether it was reached.
    marks: u8,
    /// Whether a panic that drops it is its own. It is not if one was under way when it was started.
    owns_panic: bool,
}

/// What a panic is called among the errors.
const PANIC: &str = "panic";

impl ActiveOperation {
    // Inlined, it stays in registers, which takes a fifth of the instructions off.
    #[inline(always)]
    pub(super) fn new(recorder: &'static Recorder, set: u32) -> Self {
        let key = active_key(set);
        let active = recorder.store.start(Key::unbudgeted(key));
        Self {
            recorder,
            set,
            active,
            started_at: recorder.clock.raw(),
            ending: None,
            marks: 0,
            owns_panic: !thread::panicking(),
        }
    }

    /// Ends it with a result: an `Err` is an error of the kind `error`.
    pub fn finish<T, E>(self, result: &Result<T, E>) {
        match result {
            Ok(_) => self.ok(),
            Err(_) => self.fail(ERROR),
        }
    }

    /// Ends it without an error.
    #[inline]
    pub fn ok(self) {
        ManuallyDrop::new(self).count(End::Ok);
    }

    /// Ends it with an error of that kind, such as `timeout`. There are at most 1 000 kinds.
    pub fn fail(mut self, kind: &'static str) {
        self.end(Ending::Failed(kind));
    }

    /// Notes that it has reached a [mark](crate::OperationBuilder::mark). Only the first time counts.
    ///
    /// # Panics
    ///
    /// If the operation has no such mark and debug assertions are on. Without them, the call does nothing.
    pub fn mark(&mut self, name: &str) {
        let mut marks = self.recorder.marks.iter();
        let index = marks.position(|mark| *mark == name);
        debug_assert!(index.is_some(), "the operation has no mark {name:?}");
        let Some(index) = index.filter(|index| self.marks & (1 << index) == 0) else {
            return;
        };
        self.marks |= 1 << index;
        // Of all ways to end, since nobody knows yet which it will be: a mark has no labels of these.
        let key = FinishedKey {
            set: self.set,
            end: End::Ok,
        };
        let (key, nanos) = (key.pack(), self.recorder.elapsed(self.started_at));
        let key = Key::unbudgeted(key);
        let reached = self.recorder.store.finish(key, None);
        reached.observe(index + 1, nanos);
    }

    /// Says how it ended. The first one counts. It is counted when it is dropped.
    #[inline]
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }

    /// For a future or a stream, which tells its own panic, and may be dropped by one of others.
    pub(super) fn watched(mut self) -> Self {
        self.owns_panic = false;
        self
    }

    #[inline(always)]
    fn count(&self, end: End) {
        let Self {
            recorder, active, ..
        } = *self;
        let nanos = recorder.elapsed(self.started_at);
        let key = FinishedKey { set: self.set, end }.pack();
        match recorder.store.finish_near(key, active) {
            Some(finished) => count_under(finished, nanos),
            None => count_far(recorder, key, active, nanos),
        }
    }

    /// How it ended, if nobody has said so.
    fn by_drop(&self) -> Ending {
        match self.owns_panic && thread::panicking() {
            true => Ending::Failed(PANIC),
            false => Ending::Cancelled,
        }
    }
}

impl Drop for ActiveOperation {
    fn drop(&mut self) {
        self.count(match self.ending.unwrap_or_else(|| self.by_drop()) {
            Ending::Ok => End::Ok,
            Ending::Cancelled => End::Cancelled,
            Ending::Failed(kind) => self.recorder.failed(kind),
        });
    }
}

#[inline(always)]
fn count_under(finished: Finished, nanos: u64) {
    finished.observe(0, nanos);
    finished.end();
}

#[inline(never)]
fn count_far(recorder: &'static Recorder, key: u64, active: Option<Active>, nanos: u64) {
    let key = Key::unbudgeted(key);
    count_under(recorder.store.finish(key, active), nanos);
}

/// Ends an operation by a panic when it is dropped. Only unwinding drops it: code that does not panic forgets it.
pub(super) struct Panicking<'a>(pub(super) &'a mut ActiveOperation);

impl Drop for Panicking<'_> {
    fn drop(&mut self) {
        self.0.end(Ending::Failed(PANIC));
    }
}

impl fmt::Debug for ActiveOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveOperation").finish_non_exhaustive()
    }
}
