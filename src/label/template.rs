/// The route template of a request, for requests without a router, or to override the router's.
///
/// A layer around [`MetricsLayer`](crate::MetricsLayer) may put it into the *request's* extensions: it then comes
/// before the router's template. For outgoing requests it is the only source of a route. A handler or a layer inside
/// may put it into the *response's* extensions: it then comes before both, except in the in-flight gauge, which counts
/// the request from its start.
///
/// It is a `&'static str`, since a label's value has to come from the program and not from a client. By
/// convention it begins with `/` and writes parameters as axum does: `/users/{id}`.
///
/// ```
/// use tower_red::RouteTemplate;
///
/// const FILE: RouteTemplate = RouteTemplate::new("/files/{*path}");
///
/// let response = http::Response::builder().extension(FILE).body(String::new())?;
/// assert_eq!(response.extensions().get(), Some(&FILE));
/// assert_eq!(FILE.as_str(), "/files/{*path}");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteTemplate(&'static str);

impl RouteTemplate {
    /// A template. The label's value is its text, unchanged.
    #[must_use]
    pub const fn new(template: &'static str) -> Self {
        Self(template)
    }

    /// The template.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}
