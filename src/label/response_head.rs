use http::{Extensions, HeaderMap, Response, StatusCode, Version};

/// The head of a response, as functions of the user's see it: with the names of [`http::response::Parts`], but
/// borrowed.
///
/// ```
/// use tower_red::{MetricsLayer, ResponseHead};
///
/// /// What a handler puts into the extensions of its response.
/// #[derive(Clone, Copy)]
/// enum Cache {
///     Hit,
///     Miss,
/// }
///
/// fn cache<'a>(head: ResponseHead<'a>) -> Option<&'a str> {
///     head.extensions.get().map(|cache| match cache {
///         Cache::Hit => "hit",
///         Cache::Miss => "miss",
///     })
/// }
///
/// let builder = MetricsLayer::builder().response_label("cache", ["hit", "miss"], cache);
/// # let _ = builder.pair()?;
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ResponseHead<'a> {
    /// The status.
    pub status: StatusCode,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions, as handlers and layers inside of this one filled them.
    pub extensions: &'a Extensions,
}

impl<'a> ResponseHead<'a> {
    /// The value of a header. `None` if there is none, or it is not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl<'a, B> From<&'a Response<B>> for ResponseHead<'a> {
    fn from(response: &'a Response<B>) -> Self {
        Self {
            status: response.status(),
            version: response.version(),
            headers: response.headers(),
            extensions: response.extensions(),
        }
    }
}
