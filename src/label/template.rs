/// The route template of a request, where no router says it or another one is wanted.
///
/// Put into a *request's* extensions by a layer outside of [`MetricsLayer`](crate::MetricsLayer), it comes
/// before what the router says; of outgoing requests, it is the only thing that says it. Put into a
/// *response's* extensions, by a handler or a layer inside, it overrules both, except for the in-flight
/// gauge, which counts from the start.
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
    /// The template, as it will be the label's value.
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
