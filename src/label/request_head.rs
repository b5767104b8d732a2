use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

/// The head of a request, as functions of the user's see it: with the names of [`http::request::Parts`], but borrowed.
///
/// ```
/// use tower_red::{MetricsLayer, RequestHead};
///
/// fn version<'a>(head: RequestHead<'a>) -> Option<&'a str> {
///     head.header("x-api-version")
/// }
///
/// let builder = MetricsLayer::builder().label("version", ["v1", "v2"], version);
/// # let _ = builder.pair()?;
/// # Ok::<(), tower_red::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The URI, as the layer sees it.
    pub uri: &'a Uri,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions, as layers outside of this one filled them.
    pub extensions: &'a Extensions,
}

impl<'a> RequestHead<'a> {
    /// The value of a header. `None` if there is none, or it is not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl<'a, B> From<&'a Request<B>> for RequestHead<'a> {
    fn from(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }
}
