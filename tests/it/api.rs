//! What every public type promises, whatever it is for.

use std::{error::Error, fmt::Debug, future::Ready};
use tower_red::*;

fn sent<T: Send + Unpin + Debug>() {}
fn shared<T: Send + Sync + Unpin + Debug>() {}
fn cloned<T: Clone + Send + Sync + Unpin + Debug + 'static>() {}
fn error<T: Error + Clone + PartialEq + Send + Sync + Unpin + 'static>() {}

#[test]
fn types_that_users_keep_can_be_cloned_sent_shared_and_shown() {
    cloned::<MetricsLayer>();
    cloned::<Metrics<()>>();
    cloned::<Exposition>();
    cloned::<Snapshot>();
    cloned::<Selection<'static>>();
    cloned::<ActiveSelection<'static>>();
    cloned::<Operation<2>>();
    cloned::<ResolvedOperation>();
    cloned::<Buckets>();
    cloned::<NativeHistogram>();
    cloned::<Naming>();
    cloned::<LabelNames>();
    cloned::<RedFamily>();
    cloned::<DurationStatus>();
    cloned::<RouteTemplate>();
    cloned::<Peer>();
    cloned::<TraceId>();
    cloned::<RequestHead<'static>>();
    cloned::<ResponseHead<'static>>();
    cloned::<TestClock>();
    cloned::<BuildInfo>();
    #[cfg(feature = "page")]
    cloned::<Page>();
    #[cfg(feature = "process")]
    cloned::<ProcessMetrics>();
    #[cfg(feature = "tokio")]
    cloned::<TokioMetrics>();
    #[cfg(feature = "otlp")]
    cloned::<OtlpProtocol>();
}

#[test]
fn what_is_built_polled_or_ended_once_can_be_sent_shared_and_shown() {
    shared::<MetricsLayerBuilder>();
    shared::<OperationBuilder<2>>();
    shared::<ActiveOperation>();
    shared::<EnteredOperation>();
    shared::<ResponseFuture<Ready<()>>>();
    shared::<ResponseBody<()>>();
    shared::<ExpositionBody>();
    shared::<OperationFuture<Ready<()>>>();
    shared::<OperationStream<Ready<()>, MarkWhen<NoMark, ()>, AnyError>>();
    #[cfg(feature = "otlp")]
    shared::<OtlpBody>();
    // Nothing polls a future, or builds a builder, through a shared reference.
    sent::<ExpositionFuture>();
    #[cfg(feature = "otlp")]
    {
        sent::<OtlpBuilder>();
        sent::<Otlp>();
    }
}

#[test]
fn futures_of_async_functions_can_be_sent() {
    fn sent(_: impl Future + Send) {}
    let (metrics, _exposition) = MetricsLayer::pair();
    sent(metrics.idle());
    #[cfg(feature = "otlp")]
    sent(Otlp::builder().build(&_exposition).unwrap().run(async {}));
}

#[test]
fn errors_can_be_sent_cloned_and_compared() {
    error::<BuildError>();
    error::<ScrapeError>();
    #[cfg(feature = "otlp")]
    error::<OtlpError>();
    #[cfg(feature = "otlp")]
    error::<ExportError>();
}

/// It has a default and is no body: structs carry no bounds.
#[derive(Default)]
struct NoBody;

#[test]
fn a_response_body_has_a_default_if_what_it_wraps_has_one() {
    fn default<T: Default>() {}
    default::<ResponseBody<NoBody>>();
}

/// An error that has another one in it says that too. Were it its source as well, a report would have it twice.
#[test]
fn an_error_says_all_of_it_in_a_line_and_has_no_source() {
    fn check(error: &dyn Error, cause: &str) {
        let message = error.to_string();
        assert!(message.ends_with(cause), "{message}");
        assert!(message.starts_with(char::is_lowercase), "{message}");
        assert!(!message.ends_with('.') && !message.contains('\n'));
        assert!(error.source().is_none(), "{message}");
    }
    let error = ScrapeError::InvalidName {
        family: String::from("queue-depth"),
    };
    let cause = error.to_string();
    check(&error, &cause);
    #[cfg(feature = "otlp")]
    check(
        &ExportError::Metrics {
            error: error.clone(),
        },
        &cause,
    );
    check(&BuildError::InvalidRegistry { error }, &cause);
}
