//! Labels of the user's own, and the budget of label sets.

use crate::{
    MetricsLayerBuilder,
    label::{RequestHead, ResponseHead, UserLabel, ValueOf},
};

impl MetricsLayerBuilder {
    /// A label of your own with a fixed list of values, such as an API version. A function reads it from each request.
    /// Defaults to none.
    ///
    /// Requests, durations, errors and cancelled requests have it, after their other labels; the in-flight gauge does
    /// not. A value that is not listed becomes `_OTHER`, so a client cannot add series. If the function returns `None`,
    /// there is no label.
    ///
    /// The function is called once for each request that is recorded, before the inner service. If it panics, the value
    /// is `_OTHER`, the request goes on, and `http_label_panics_total` counts the panic.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder()
    ///     .label("version", ["v1", "v2"], |head| head.header("x-api-version"));
    /// # let _ = builder.pair()?;
    ///
    /// let error = MetricsLayer::builder().label("version", ["v1", "v1"], |_| None).pair();
    /// assert!(error.unwrap_err().to_string().contains("\"v1\""));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn label<V: Into<String>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        value_of: impl for<'a> Fn(RequestHead<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        self.closed_label(name, values, ValueOf::request(value_of))
    }

    /// A label of your own with any values. The first `most` are kept, and all later ones become `_OTHER`. Otherwise
    /// like [`label`](Self::label). Defaults to none.
    ///
    /// Use it for verified values, such as a plan that a layer outside of this one has looked up. Do not use it for a
    /// client's header: one client could use up all values. A value of more than 256 bytes becomes `_OTHER`. Each value
    /// is kept as long as the process lives.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// /// Put into the request's extensions by a layer outside of this one.
    /// #[derive(Clone)]
    /// struct Plan(String);
    ///
    /// let builder = MetricsLayer::builder()
    ///     .label_up_to("plan", 50, |head| head.extensions.get().map(|Plan(name)| name.as_str()));
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn label_up_to(
        self,
        name: impl Into<String>,
        most: usize,
        value_of: impl for<'a> Fn(RequestHead<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        self.open_label(name, most, ValueOf::request(value_of))
    }

    /// A label of your own with a fixed list of values, such as a cache hit. A function reads it from each response.
    /// Otherwise like [`label`](Self::label). Defaults to none.
    ///
    /// A handler or an inner layer can put a value into the response's extensions for this function. A request that
    /// ends without a response has no such label.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder()
    ///     .response_label("cache", ["hit", "miss"], |head| head.header("x-cache"));
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn response_label<V: Into<String>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        value_of: impl for<'a> Fn(ResponseHead<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        self.closed_label(name, values, ValueOf::response(value_of))
    }

    /// A label of your own with any values, such as the tenant that authentication found. A function reads it from each
    /// response. Otherwise like [`label_up_to`](Self::label_up_to). Defaults to none.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// /// Put into the response's extensions by the layer that authenticates.
    /// #[derive(Clone)]
    /// struct Tenant(String);
    ///
    /// let builder = MetricsLayer::builder()
    ///     .response_label_up_to("tenant", 200, |head| {
    ///         head.extensions.get().map(|Tenant(name)| name.as_str())
    ///     });
    /// # let _ = builder.pair()?;
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn response_label_up_to(
        self,
        name: impl Into<String>,
        most: usize,
        value_of: impl for<'a> Fn(ResponseHead<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        self.open_label(name, most, ValueOf::response(value_of))
    }

    fn closed_label<V: Into<String>>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        value_of: ValueOf,
    ) -> Self {
        let listed: Vec<String> = values.into_iter().map(Into::into).collect();
        self.routes.labels.push(UserLabel {
            name: name.into(),
            most: listed.len(),
            listed: Some(listed),
            value_of,
        });
        self
    }

    fn open_label(mut self, name: impl Into<String>, most: usize, value_of: ValueOf) -> Self {
        self.routes.labels.push(UserLabel {
            name: name.into(),
            most,
            listed: None,
            value_of,
        });
        self
    }

    /// How many label sets the layer may hold, at least one. A label set is a combination of method, route, status, the
    /// way a request ended, and your own labels. Defaults to 4 000, which is 72 000 series with the default buckets.
    ///
    /// Beyond that, new ones are counted under the route `_overflow`, with their method, status and error, and
    /// `http_overflowed_requests_total` counts these requests.
    ///
    /// ```
    /// use tower_red::MetricsLayer;
    ///
    /// let builder = MetricsLayer::builder().max_label_sets(500);
    /// # let _ = builder.pair()?;
    ///
    /// let error = MetricsLayer::builder().max_label_sets(0).pair().unwrap_err();
    /// assert!(error.to_string().contains("write 1 or more"));
    /// # Ok::<(), tower_red::BuildError>(())
    /// ```
    pub fn max_label_sets(mut self, most: usize) -> Self {
        self.max_label_sets = most;
        self
    }
}
