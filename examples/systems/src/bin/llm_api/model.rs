use crate::metrics::ChatMetrics;
use futures_util::{Stream, StreamExt, stream};
use std::{pin::Pin, time::Duration};
use tokio::time::sleep;
use tower_red::{Buckets, BuildError, Exposition, Operation};
use tower_red_systems::Problem;

/// An answer as it comes, token by token, until its end or an error.
pub(crate) type Answer = Pin<Box<dyn Stream<Item = Result<String, ModelError>> + Send>>;

/// The models, and how long each takes for a token. They know but what they were told, and say it backwards.
const MODELS: [(&str, Duration); 2] = [
    ("small", Duration::from_millis(5)),
    ("large", Duration::from_millis(30)),
];

/// Why an answer ends before its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ModelError {
    /// It has too much to do. It says so before the first token.
    Overloaded,
    /// It breaks in the middle.
    Broken,
}

impl ModelError {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::Broken => "broken",
        }
    }
}

/// The models, measured.
#[derive(Clone)]
pub(crate) struct Models {
    calls: Operation<1>,
    metrics: ChatMetrics,
}

impl Models {
    pub(crate) fn new(metrics: ChatMetrics, exposition: &Exposition) -> Result<Self, BuildError> {
        let calls = Operation::builder("llm_call")
            .labels(["model"])
            .buckets(Buckets::slow())
            .mark("first_token", Buckets::medium())
            .expose_on(exposition)?;
        Ok(Self { calls, metrics })
    }

    /// The names of the models.
    pub(crate) fn names() -> [&'static str; 2] {
        MODELS.map(|(name, _)| name)
    }

    /// Asks a model. It has begun when this returns, and is cancelled if the answer is dropped before its end.
    pub(crate) fn ask(&self, model: &str, prompt: &str) -> Result<Answer, Problem> {
        let mut models = MODELS.into_iter();
        let (name, pace) = models
            .find(|(name, _)| *name == model)
            .ok_or(Problem::INVALID)?;
        let words: Vec<String> = prompt.split_whitespace().map(str::to_owned).collect();
        let read = u64::try_from(words.len()).unwrap_or(u64::MAX);
        self.metrics.tokens(name, "prompt").inc_by(read);
        let written = self.metrics.tokens(name, "completion");
        let answer = self
            .calls
            .with([name])
            .stream(Box::pin(say(words, pace)))
            .mark_when("first_token", |token: &String| !token.is_empty())
            .error_by(|error: &ModelError| error.kind())
            .inspect(move |token| {
                if token.is_ok() {
                    written.inc();
                }
            });
        Ok(Box::pin(answer))
    }
}

/// The words from the last to the first. Two of them stand for what goes wrong with models.
fn say(words: Vec<String>, pace: Duration) -> impl Stream<Item = Result<String, ModelError>> {
    let overloaded = words.iter().any(|word| word == "overload");
    let start = match overloaded {
        true => vec!["overload".to_owned()],
        false => words,
    };
    stream::unfold(start, move |mut words| async move {
        let word = words.pop()?;
        sleep(pace).await;
        let token = match &*word {
            "overload" => Err(ModelError::Overloaded),
            "break" => Err(ModelError::Broken),
            _ => Ok(word),
        };
        if token.is_err() {
            words.clear();
        }
        Some((token, words))
    })
}
