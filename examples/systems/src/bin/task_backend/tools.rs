use tower_red::{Buckets, BuildError, Exposition, Operation};
use tower_red_systems::Problem;

/// Tools that work on a text, measured: `tool_run_…` by tool.
#[derive(Clone)]
pub(crate) struct Tools {
    runs: Operation<1>,
}

impl Tools {
    pub(crate) fn new(exposition: &Exposition) -> Result<Self, BuildError> {
        let runs = Operation::builder("tool_run")
            .labels(["tool"])
            .buckets(Buckets::fast())
            .expose_on(exposition)?;
        Ok(Self { runs })
    }

    /// Runs a tool. One that is not known has no runs: a client's word is no label.
    pub(crate) fn run(&self, tool: &str, text: &str) -> Result<String, Problem> {
        let tools: [(&str, Tool); 3] = [("sort", sort), ("count", count), ("sum", sum)];
        let mut tools = tools.into_iter();
        let (name, work) = tools
            .find(|(name, _)| *name == tool)
            .ok_or(Problem::NOT_FOUND)?;
        let runs = self.runs.with([name]);
        runs.run_blocking_by(|_| "invalid", || work(text).ok_or(Problem::INVALID))
    }
}

/// `None` if the text is not one for it.
type Tool = fn(&str) -> Option<String>;

fn sort(text: &str) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    Some(words.join(" "))
}

fn count(text: &str) -> Option<String> {
    Some(text.split_whitespace().count().to_string())
}

fn sum(text: &str) -> Option<String> {
    let mut numbers = text.split_whitespace().map(str::parse::<i64>);
    let sum = numbers.try_fold(0_i64, |sum, number| sum.checked_add(number.ok()?))?;
    Some(sum.to_string())
}
