use std::time::Duration;

/// The kinds of tasks: each has its own way to go wrong.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Is done at once.
    Mail,
    /// Is done the second time.
    Import,
    /// Is never done.
    Report,
}

impl Kind {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut kinds = [Self::Mail, Self::Import, Self::Report].into_iter();
        kinds.find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Import => "import",
            Self::Report => "report",
        }
    }

    /// How long a try takes.
    pub(crate) fn takes(self) -> Duration {
        Duration::from_millis(match self {
            Self::Mail => 5,
            Self::Import => 20,
            Self::Report => 40,
        })
    }

    /// Whether a try ends well: the first has the number 1.
    pub(crate) fn succeeds(self, number: u32) -> bool {
        match self {
            Self::Mail => true,
            Self::Import => number > 1,
            Self::Report => false,
        }
    }
}
