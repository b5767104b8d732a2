use crate::{ExportError, format::otlp::PartialSuccess};

/// Whether a receiver took a request, and what it did not take of one that it did: [`ExportError::Rejected`].
pub(super) type Verdict = Result<Option<ExportError>, ExportError>;

/// What a response says of a request that was taken.
pub(super) fn accepted(response: &[u8]) -> Option<ExportError> {
    let PartialSuccess {
        rejected_points: points,
        message,
    } = PartialSuccess::parse(response);
    let is_whole = points == 0 && message.is_empty();
    (!is_whole).then_some(ExportError::Rejected { points, message })
}
