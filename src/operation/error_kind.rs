use self::sealed::Sealed;
use super::recorder::ERROR;

/// Says of which kind an error is.
///
/// It is implemented for functions `Fn(&E) -> &'static str`, and cannot be for other types. A kind comes from the
/// program, so that the text of an error cannot become a label's value.
///
/// ```
/// use std::io;
/// use tower_red::ErrorKind;
///
/// let kind = |error: &io::Error| match error.kind() {
///     io::ErrorKind::TimedOut => "timeout",
///     _ => "io",
/// };
/// assert_eq!(kind.kind(&io::ErrorKind::TimedOut.into()), "timeout");
/// ```
pub trait ErrorKind<E>: Sealed<E> {
    /// The kind of an error.
    fn kind(&self, error: &E) -> &'static str;
}

/// Gives every error the kind `error`. This is the default without [`error_by`](crate::OperationFuture::error_by).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
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

/// Methods can be added to the trait as long as nobody else implements it.
mod sealed {
    pub trait Sealed<E> {}

    impl<E> Sealed<E> for super::AnyError {}

    impl<E, F: Fn(&E) -> &'static str> Sealed<E> for F {}
}
