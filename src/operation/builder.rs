use super::{
    Operation,
    recorder::{ErrorKinds, MAX_MARKS, Recorder},
    schema::{ERROR_LABEL, OperationSchema},
};
use crate::{
    Buckets, BuildError, Exposition, TestClock, exposition,
    gather::{HistogramBounds, Identity, StoreFamilies},
    label::{OVERFLOW, ValueSets},
    model::Unit,
    naming::{check_label, invalid_label, is_name, with_suggestion},
    store::{Store, StoreSettings},
};
use prometheus_client::registry::Registry;
use quanta::Clock;
use std::{borrow::Borrow, collections::BTreeSet, fmt};

impl Operation<0> {
    /// A builder of an operation with that name and no labels. The names of its families begin with it: `db_query`.
    pub fn builder(name: impl Into<String>) -> OperationBuilder<0> {
        OperationBuilder::new(name.into())
    }
}

/// Builder of an [`Operation`].
///
/// ```
/// use prometheus_client::{encoding::text::encode, registry::Registry};
/// use tower_red::{Buckets, Operation};
///
/// // Into a registry that is exposed elsewhere. `expose_on` does the same for an `Exposition`.
/// let mut registry = Registry::default();
/// let calls = Operation::builder("llm_call")
///     .labels(["model"])
///     .constant_label("region", "eu")
///     .buckets(Buckets::medium())
///     .mark("first_token", Buckets::fast())
///     .max_label_sets(100)
///     .register(&mut registry)?;
/// calls.start(["small"]).ok();
///
/// let mut text = String::new();
/// encode(&mut text, &registry)?;
/// assert!(text.contains("llm_call_total{region=\"eu\",model=\"small\"} 1\n"));
///
/// let error = Operation::builder("llm call").register(&mut registry).unwrap_err();
/// assert!(error.to_string().contains("\"llm call\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct OperationBuilder<const N: usize> {
    name: String,
    labels: [String; N],
    constant_labels: Vec<(String, String)>,
    buckets: Buckets,
    marks: Vec<(String, Buckets)>,
    max_label_sets: usize,
    clock: Option<Clock>,
}

impl OperationBuilder<0> {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            labels: [],
            constant_labels: Vec::new(),
            buckets: Buckets::default(),
            marks: Vec::new(),
            max_label_sets: 1_000,
            clock: None,
        }
    }
}

impl<const N: usize> OperationBuilder<N> {
    /// The names of its labels. Their values are given when it is started. Defaults to none.
    pub fn labels<const M: usize>(self, names: [impl Into<String>; M]) -> OperationBuilder<M> {
        OperationBuilder {
            labels: names.map(Into::into),
            name: self.name,
            constant_labels: self.constant_labels,
            buckets: self.buckets,
            marks: self.marks,
            max_label_sets: self.max_label_sets,
            clock: self.clock,
        }
    }

    /// A label that all its series have, with the same value. Added to those of an earlier call. Defaults to none.
    pub fn constant_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.constant_labels.push((name.into(), value.into()));
        self
    }

    /// The buckets of its durations. Defaults to [`Buckets::default`].
    pub fn buckets(mut self, buckets: Buckets) -> Self {
        self.buckets = buckets;
        self
    }

    /// A point that the operation reaches before its end, such as the first token of an answer. The time from the start
    /// to it has a histogram of its own, `llm_call_first_token_seconds` for the mark `first_token`. Defaults to none.
    /// There can be 4.
    ///
    /// It is noted by [`ActiveOperation::mark`](crate::ActiveOperation::mark), or by
    /// [`OperationStream::mark_when`](crate::OperationStream::mark_when).
    pub fn mark(mut self, name: impl Into<String>, buckets: Buckets) -> Self {
        self.marks.push((name.into(), buckets));
        self
    }

    /// How many sets of values its labels may have. Beyond that, all values of new sets are `_overflow`. Defaults to 1
    /// 000.
    pub fn max_label_sets(mut self, most: usize) -> Self {
        self.max_label_sets = most;
        self
    }

    /// A clock for tests. Defaults to the clock of the endpoint that exposes the operation.
    pub fn clock(mut self, clock: impl Borrow<TestClock>) -> Self {
        self.clock = Some(clock.borrow().clock());
        self
    }

    /// The operation, exposed by an endpoint. If that is [disabled](Exposition::disabled), the operation's counts are
    /// not exposed.
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid, or if the endpoint already has a family of the same name.
    pub fn expose_on(mut self, exposition: &Exposition) -> Result<Operation<N>, BuildError> {
        self.check()?;
        self.clock = self.clock.or_else(|| exposition.clock());
        let (operation, families) = self.build();
        exposition.add(Box::new(families))?;
        Ok(operation)
    }

    /// The operation, registered with a registry.
    ///
    /// # Errors
    ///
    /// If something that was configured is not valid, or if the registry already has a family of the same name.
    pub fn register(self, registry: &mut Registry) -> Result<Operation<N>, BuildError> {
        self.check()?;
        let (operation, families) = self.build();
        exposition::register(families, registry)?;
        Ok(operation)
    }

    fn check(&self) -> Result<(), BuildError> {
        check_name(&self.name)?;
        // The operation has a histogram of that name without a mark.
        let mut marks = BTreeSet::from(["duration"]);
        for (mark, _) in &self.marks {
            check_name(mark)?;
            if !marks.insert(mark) {
                return Err(BuildError::InvalidOperation {
                    name: mark.clone(),
                    reason: String::from("the operation has another histogram of that name"),
                });
            }
        }
        if self.marks.len() > MAX_MARKS {
            return Err(BuildError::TooManyMarks { most: MAX_MARKS });
        }
        if self.max_label_sets == 0 {
            return Err(BuildError::NoLabelSets);
        }
        let constant = self.constant_labels.iter().map(|(name, _)| name);
        let mut names: Vec<&String> = constant.chain(&self.labels).collect();
        for name in &names {
            check_label(name)?;
            if *name == ERROR_LABEL {
                return Err(invalid_label(name, "it is the label of the error's kind"));
            }
        }
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(same) => Err(invalid_label(same[0], "another label has that name")),
            None => Ok(()),
        }
    }

    /// Of a configuration that is valid.
    fn build(self) -> (Operation<N>, StoreFamilies<OperationSchema<N>>) {
        let seconds = |buckets| HistogramBounds::new(Unit::Seconds, &[buckets]);
        let marks = self.marks.iter().map(|(_, buckets)| seconds(buckets));
        let histograms: Vec<_> = [seconds(&self.buckets)].into_iter().chain(marks).collect();
        let marks = self.marks.into_iter().map(|(name, _)| &*name.leak());
        let recorder: &'static Recorder = Box::leak(Box::new(Recorder {
            clock: self.clock.unwrap_or_default(),
            store: Store::new(StoreSettings {
                has_slots: false,
                measures: histograms.iter().map(HistogramBounds::bins).collect(),
                has_exemplars: false,
                // The sets of values have a budget: there are few ways to end for each.
                max_label_sets: usize::MAX,
            }),
            marks: marks.collect(),
            errors: ErrorKinds::new(),
        }));
        let sets = &*Box::leak(Box::new(ValueSets::new(
            &[[OVERFLOW; N]],
            self.max_label_sets,
        )));
        let error = [String::from(ERROR_LABEL)];
        let identity = Identity {
            constant: self.constant_labels,
            labels: self.labels.iter().cloned().chain(error).collect(),
            histograms,
            ..Identity::default()
        };
        let schema = OperationSchema::new(&self.name, self.labels, recorder, sets);
        let families = StoreFamilies::new(&recorder.store, schema, identity);
        (Operation { recorder, sets }, families)
    }
}

/// Whether families' names may begin with it, or it may be a part of them.
fn check_name(name: &str) -> Result<(), BuildError> {
    let reason = match name {
        "" => String::from("it is empty"),
        _ if !is_name(name) => with_suggestion(name),
        _ if name.ends_with('_') => format!(
            "an underscore is added after it; write {:?}",
            name.trim_end_matches('_')
        ),
        _ => match ["_total", "_count", "_sum", "_bucket", "_seconds"]
            .into_iter()
            .find(|end| name.ends_with(end))
        {
            Some(end) => format!("{end:?} is added where it belongs; leave it out"),
            None => return Ok(()),
        },
    };
    Err(BuildError::InvalidOperation {
        name: name.to_owned(),
        reason,
    })
}

impl<const N: usize> fmt::Debug for OperationBuilder<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationBuilder")
            .field("name", &self.name)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}
