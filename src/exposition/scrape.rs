use super::{
    ExpositionBody, Families, Source,
    chunk::{Length, SIZE},
    coding::{Coding, Encoder},
    error::ScrapeError,
    gauges::Gauges,
    library,
    names::Names,
    pieces::Pieces,
    projection::Projection,
    queue::Turn,
    text::{Dialect, END, Values, Writer},
};
use crate::store::{Collecting, Snapshot};
use std::{
    sync::Arc,
    task::{Context, Poll},
};

/// How many rows are measured before others get their turn: a fraction of a millisecond.
const ROWS_PER_PIECE: usize = 512;

/// One scrape on its way, up to its body.
///
/// Everything that can fail, and everything that must be read at one time, is done before the head is sent.
/// Our families' text is then only measured, and written when the client takes it; what is compressed is
/// written before, for nothing else tells its length.
pub(super) struct Scrape {
    order: Order,
    /// What comes before our families: the registry's text.
    text: String,
    stage: Stage,
    /// Last, so that the next one's comes once everything else is gone.
    turn: Turn,
}

/// What is to be exposed, and how.
pub(super) struct Order {
    pub(super) source: Arc<Source>,
    pub(super) dialect: Dialect,
    pub(super) coding: Coding,
}

/// What comes next.
enum Stage {
    Registry,
    Collect(Arc<Families>, Collecting),
    Project(Arc<Families>, Snapshot),
    Gauges(Arc<Families>, Snapshot, Arc<Projection>, Gauges),
    Measure(Pieces, Length),
    Compress(Pieces, Box<dyn Encoder>),
    Done(ExpositionBody),
}

/// What a piece of work leads to.
pub(super) enum Progress {
    More(Box<Scrape>),
    Done(ExpositionBody),
}

impl Scrape {
    pub(super) fn new(order: Order) -> Self {
        Self {
            turn: Turn::new(Arc::clone(&order.source.queue)),
            order,
            text: String::new(),
            stage: Stage::Registry,
        }
    }

    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    /// Ready once the work can begin.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.turn.poll(cx)
    }

    /// Does a piece of the work.
    pub(super) fn work(mut self: Box<Self>) -> Result<Progress, ScrapeError> {
        self.stage = match self.stage {
            Stage::Registry => {
                let (text, stage) = self.order.registry()?;
                self.text = text;
                stage
            }
            Stage::Collect(families, collecting) => collect(families, collecting),
            Stage::Project(families, snapshot) => project(families, snapshot),
            Stage::Gauges(families, snapshot, projection, gauges) => {
                let values = Values {
                    snapshot,
                    projection,
                    gauges,
                };
                self.order.read_gauges(families, values, &mut self.text)?
            }
            Stage::Measure(pieces, length) => measure(pieces, length),
            Stage::Compress(pieces, encoder) => compress(pieces, encoder)?,
            Stage::Done(body) => return Ok(Progress::Done(body)),
        };
        Ok(Progress::More(self))
    }
}

impl Order {
    /// The registry goes first, in the one call that the library has for it.
    fn registry(&self) -> Result<(String, Stage), ScrapeError> {
        let mut names = Names::default();
        let mut out = String::new();
        if let Some(registry) = &self.source.registry {
            let text = library::encode(registry)?;
            library::copy(&text, self.dialect, &mut names, &mut out)?;
        }
        let Some(families) = &self.source.families else {
            if self.dialect == Dialect::OpenMetrics {
                out.push_str(END);
            }
            return Ok((String::new(), self.write(Pieces::new(out, None))?));
        };
        families.take_names(&mut names)?;
        let collecting = families.store().collect();
        Ok((out, Stage::Collect(Arc::clone(families), collecting)))
    }

    fn read_gauges(
        &self,
        families: Arc<Families>,
        mut values: Values,
        text: &mut String,
    ) -> Result<Stage, ScrapeError> {
        let Values {
            projection, gauges, ..
        } = &mut values;
        if gauges.read_some(families.store(), projection) {
            let Values {
                snapshot,
                projection,
                gauges,
            } = values;
            return Ok(Stage::Gauges(families, snapshot, projection, gauges));
        }
        // A request that ended in a way not seen before would be taken to be in flight.
        if !projection.is_complete(families.store()) {
            return Ok(Stage::Project(families, values.snapshot));
        }
        let writer = Writer::new(families, self.dialect, values);
        let rest = (Box::new(writer), Arc::clone(&self.source.pool));
        self.write(Pieces::new(std::mem::take(text), Some(rest)))
    }

    fn write(&self, pieces: Pieces) -> Result<Stage, ScrapeError> {
        Ok(match self.coding.encoder()? {
            Some(encoder) => Stage::Compress(pieces, encoder),
            None => Stage::Measure(pieces, Length::default()),
        })
    }
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

fn measure(mut pieces: Pieces, mut length: Length) -> Stage {
    if pieces.measure(ROWS_PER_PIECE, &mut length) {
        return Stage::Measure(pieces, length);
    }
    Stage::Done(ExpositionBody::new(pieces, length.0))
}

fn compress(mut pieces: Pieces, mut encoder: Box<dyn Encoder>) -> Result<Stage, ScrapeError> {
    let Some(piece) = pieces.next(SIZE) else {
        return Ok(Stage::Done(ExpositionBody::whole(encoder.finish()?)));
    };
    encoder.write_all(&piece)?;
    Ok(Stage::Compress(pieces, encoder))
}
