/// The kinds of events. What a client calls its events is no label: all others are `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Message,
    Purchase,
    Other,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Message, Self::Purchase, Self::Other];

    /// Of an event whose first word says it.
    pub(crate) fn of(event: &str) -> Self {
        let word = event.split_whitespace().next();
        let kind = word.and_then(Self::named);
        kind.unwrap_or(Self::Other)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Purchase => "purchase",
            Self::Other => "other",
        }
    }
}
