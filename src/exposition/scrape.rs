use super::{
    ExpositionBody, Families, Source,
    chunk::Length,
    error::ScrapeError,
    gauges::Gauges,
    library,
    names::Names,
    projection::Projection,
    text::{Dialect, END, Values, Writer},
};
use crate::store::{Collecting, Snapshot};
use prometheus_client::encoding::text::encode_registry;
use std::sync::Arc;

/// How many rows are measured before others get their turn: a fraction of a millisecond.
const ROWS_PER_PIECE: usize = 512;

/// One scrape on its way, up to its body.
///
/// Everything that can fail, and everything that must be read at one time, is done before the head is sent.
/// Our families' text is then only measured, and written when the client takes it.
pub(super) struct Scrape {
    source: Arc<Source>,
    dialect: Dialect,
    /// What comes before our families: the registry's text.
    text: String,
    stage: Stage,
}

/// What comes next.
enum Stage {
    Registry,
    Collect(Arc<Families>, Collecting),
    Project(Arc<Families>, Snapshot),
    Gauges(Arc<Families>, Snapshot, Arc<Projection>, Gauges),
    Measure(Box<Writer>, Length),
    Done(ExpositionBody),
}

/// What a piece of work leads to.
pub(super) enum Progress {
    More(Box<Scrape>),
    Done(ExpositionBody),
}

impl Scrape {
    pub(super) fn new(source: Arc<Source>, dialect: Dialect) -> Self {
        Self {
            source,
            dialect,
            text: String::new(),
            stage: Stage::Registry,
        }
    }

    pub(super) fn content_type(&self) -> &'static str {
        self.dialect.content_type()
    }

    /// Does a piece of the work.
    pub(super) fn work(mut self: Box<Self>) -> Result<Progress, ScrapeError> {
        self.stage = match self.stage {
            Stage::Registry => {
                let (text, stage) = registry(&self.source, self.dialect)?;
                self.text = text;
                stage
            }
            Stage::Collect(families, collecting) => collect(families, collecting),
            Stage::Project(families, snapshot) => project(families, snapshot),
            Stage::Gauges(families, snapshot, projection, gauges) => read_gauges(
                families,
                self.dialect,
                Values {
                    snapshot,
                    projection,
                    gauges,
                },
            ),
            Stage::Measure(writer, length) => measure(writer, length, &mut self.text, &self.source),
            Stage::Done(body) => return Ok(Progress::Done(body)),
        };
        Ok(Progress::More(self))
    }
}

/// The registry goes first, in the one call that the library has for it.
fn registry(source: &Source, dialect: Dialect) -> Result<(String, Stage), ScrapeError> {
    let mut names = Names::default();
    let mut out = String::new();
    if let Some(registry) = &source.registry {
        let mut text = String::new();
        encode_registry(&mut text, registry).map_err(|_| ScrapeError::Encode)?;
        library::copy(&text, dialect, &mut names, &mut out)?;
    }
    let Some(families) = &source.families else {
        if dialect == Dialect::OpenMetrics {
            out.push_str(END);
        }
        return Ok((String::new(), Stage::Done(ExpositionBody::of_text(out))));
    };
    families.take_names(&mut names)?;
    Ok((
        out,
        Stage::Collect(Arc::clone(families), families.store().collect()),
    ))
}

fn collect(families: Arc<Families>, mut collecting: Collecting) -> Stage {
    match families.store().collect_some(&mut collecting) {
        Some(snapshot) => Stage::Project(families, snapshot),
        None => Stage::Collect(families, collecting),
    }
}

fn project(families: Arc<Families>, snapshot: Snapshot) -> Stage {
    match families.project_some() {
        Some(projection) => {
            let gauges = families.gauges();
            Stage::Gauges(families, snapshot, projection, gauges)
        }
        None => Stage::Project(families, snapshot),
    }
}

fn read_gauges(families: Arc<Families>, dialect: Dialect, mut values: Values) -> Stage {
    let Values {
        projection, gauges, ..
    } = &mut values;
    if gauges.read_some(families.store(), projection) {
        let Values {
            snapshot,
            projection,
            gauges,
        } = values;
        return Stage::Gauges(families, snapshot, projection, gauges);
    }
    // A request that ended in a way not seen before would be taken to be in flight.
    if !projection.is_complete(families.store()) {
        return Stage::Project(families, values.snapshot);
    }
    let writer = Writer::new(families, dialect, values);
    Stage::Measure(Box::new(writer), Length::default())
}

fn measure(
    mut writer: Box<Writer>,
    mut length: Length,
    text: &mut String,
    source: &Source,
) -> Stage {
    for _ in 0..ROWS_PER_PIECE {
        if !writer.write_row(&mut length) {
            writer.begin_again();
            let text = std::mem::take(text);
            let pool = Arc::clone(&source.pool);
            return Stage::Done(ExpositionBody::new(text, writer, length.0, pool));
        }
    }
    Stage::Measure(writer, length)
}
