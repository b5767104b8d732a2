use std::{env, error::Error, time::Duration};
use tower_red::Naming;

/// What the environment says.
pub(crate) struct Config {
    /// How metrics are called: those of the guide, or OpenTelemetry's.
    pub(crate) naming: Naming,
    /// Whether Prometheus may pull.
    pub(crate) pull: bool,
    /// Whether metrics are pushed by OTLP.
    pub(crate) push: bool,
    /// How long a session may be idle before it is abandoned.
    pub(crate) session_idle: Duration,
}

impl Config {
    pub(crate) fn from_env() -> Result<Self, Box<dyn Error>> {
        let naming = env::var("NAMING").map_or(Ok(Naming::default()), |name| name.parse())?;
        let idle = env::var("SESSION_IDLE_SECONDS").map_or(Ok(60), |seconds| seconds.parse())?;
        let (mut pull, mut push) = (false, false);
        // OpenTelemetry's variable, whose default there is `otlp`: here it needs no receiver.
        let exporters = env::var("OTEL_METRICS_EXPORTER");
        let exporters = exporters.unwrap_or_else(|_| "prometheus".into());
        for exporter in exporters.split(',').map(str::trim) {
            match exporter {
                "prometheus" => pull = true,
                "otlp" => push = true,
                "none" => {}
                _ => return Err(format!("OTEL_METRICS_EXPORTER: {exporter:?} is unknown").into()),
            }
        }
        Ok(Self {
            naming,
            pull,
            push,
            session_idle: Duration::from_secs(idle),
        })
    }
}
