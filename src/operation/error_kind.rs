use super::active::ERROR;

/// Says of which kind an error is.
///
/// It is implemented for functions `Fn(&E) -> &'static str`. A kind comes from the program, so that the text of an
/// error cannot become a label's value.
pub trait ErrorKind<E> {
    /// The kind of an error.
    fn kind(&self, error: &E) -> &'static str;
}

/// Every error is of the kind `error`: what an operation does unless [`error_by`](crate::OperationFuture::error_by) says
/// something else.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyError;

impl<E> ErrorKind<E> for AnyError {
    fn kind(&self, _: &E) -> &'static str {
        ERROR
    }
}

impl<E, F: Fn(&E) -> &'static str> ErrorKind<E> for F {
    fn kind(&self, error: &E) -> &'static str {
        self(error)
    }
}
