use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

/// What a quiz counts beside its requests and queries: plain metrics of `prometheus-client`.
#[derive(Clone, Default)]
pub(crate) struct QuizMetrics {
    pub(crate) registrations: Counter,
    pub(crate) active: Gauge,
    pub(crate) started: Counter,
    pub(crate) completed: Counter,
    pub(crate) abandoned: Counter,
    pub(crate) generated: Counter,
    pub(crate) served: Counter,
}

impl QuizMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let quiz = Self::default();
        let counters = [
            ("registrations", "Users registered", &quiz.registrations),
            ("sessions_started", "Sessions started", &quiz.started),
            (
                "sessions_completed",
                "Sessions with all questions answered",
                &quiz.completed,
            ),
            (
                "sessions_abandoned",
                "Sessions left before that",
                &quiz.abandoned,
            ),
            ("questions_generated", "Questions made up", &quiz.generated),
            (
                "questions_served",
                "Questions shown to a user",
                &quiz.served,
            ),
        ];
        let registry = registry.sub_registry_with_prefix("quiz");
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        let help = "Sessions that are neither completed nor abandoned";
        registry.register("sessions_active", help, quiz.active.clone());
        quiz
    }

    pub(crate) fn start(&self, questions: u64) {
        self.started.inc();
        self.active.inc();
        self.generated.inc_by(questions);
    }

    pub(crate) fn complete(&self) {
        self.completed.inc();
        self.active.dec();
    }

    pub(crate) fn abandon(&self, sessions: u32) {
        self.abandoned.inc_by(sessions.into());
        self.active.dec_by(sessions.into());
    }
}
