use crate::BuildError;

/// What is wrong with a configuration, in the order in which it was found.
#[derive(Default)]
pub(super) struct Mistakes(Vec<BuildError>);

impl Mistakes {
    pub(super) fn add(&mut self, mistake: BuildError) {
        self.0.push(mistake);
    }

    /// The value, unless that was a mistake.
    pub(super) fn unless<T>(&mut self, result: Result<T, BuildError>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    /// All of them as one error, if there are any.
    pub(super) fn none(mut self) -> Result<(), BuildError> {
        match self.0.len() {
            0 | 1 => self.0.pop().map_or(Ok(()), Err),
            _ => Err(BuildError::Several { errors: self.0 }),
        }
    }
}
