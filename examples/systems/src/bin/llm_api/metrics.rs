use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// What is counted beside requests, calls of models and sockets: plain metrics of `prometheus-client`.
#[derive(Clone, Default)]
pub(crate) struct ChatMetrics {
    pub(crate) conversations: Counter,
    pub(crate) escalations: Counter,
    tokens: Family<[(&'static str, &'static str); 2], Counter>,
    messages: Family<[(&'static str, &'static str); 1], Counter>,
}

impl ChatMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let chat = Self::default();
        let help = "Conversations begun";
        registry.register("conversations", help, chat.conversations.clone());
        let help = "Conversations that a person took over";
        registry.register("escalations", help, chat.escalations.clone());
        let help = "Tokens read and written";
        registry.register("llm_tokens", help, chat.tokens.clone());
        let help = "Messages of clients, and to them";
        registry.register("websocket_messages", help, chat.messages.clone());
        chat
    }

    /// The tokens of a model. The kind is `prompt` or `completion`.
    pub(crate) fn tokens(&self, model: &'static str, kind: &'static str) -> Counter {
        let labels = [("model", model), ("kind", kind)];
        self.tokens.get_or_create(&labels).clone()
    }

    /// Counts a message. The direction is `in` or `out`.
    pub(crate) fn message(&self, direction: &'static str) {
        self.messages
            .get_or_create(&[("direction", direction)])
            .inc();
    }
}
