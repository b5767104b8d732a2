use std::{fmt, iter};

/// A table in Markdown, a row for each contender.
pub(crate) struct Table {
    title: String,
    note: Option<String>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<H: Into<String>>(
        title: impl Into<String>,
        header: impl IntoIterator<Item = H>,
    ) -> Self {
        Self {
            title: title.into(),
            note: None,
            header: header.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.note = Some(note.into());
    }

    pub(crate) fn row(&mut self, title: &str, cells: impl IntoIterator<Item = String>) {
        let title = iter::once(title.to_owned());
        self.rows.push(title.chain(cells).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.title)?;
        if let Some(note) = &self.note {
            writeln!(f, "{note}\n")?;
        }
        let line =
            |f: &mut fmt::Formatter<'_>, cells: &[String]| writeln!(f, "| {} |", cells.join(" | "));
        line(f, &self.header)?;
        let rule = (0..self.header.len()).map(|column| if column == 0 { "---" } else { "---:" });
        let rule: Vec<_> = rule.map(String::from).collect();
        line(f, &rule)?;
        self.rows.iter().try_for_each(|row| line(f, row))
    }
}
