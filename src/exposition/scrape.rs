use super::{
    ExpositionBody, Families, Source,
    chunk::{Length, SIZE},
    coding::{Coding, Encoder},
    error::ScrapeError,
    gauges::Gauges,
    instruments::{Ending, Instruments, Measurement},
    library,
    names::Names,
    pieces::{Pieces, Rest, Writer},
    projection::Projection,
    queue::Turn,
    text::{Dialect, Values},
};
use crate::store::{Collecting, Snapshot};
use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

/// How many rows are measured before others get their turn: a fraction of a millisecond.
const ROWS_PER_PIECE: usize = 512;

/// One scrape on its way, up to its body.
///
/// Everything that can fail, and everything that must be read at one time, is done before the head is sent.
/// Our families are then only measured, and written when the client takes them; what is compressed is written
/// before, for nothing else tells its length.
pub(super) struct Scrape {
    order: Order,
    /// What comes before the layer's families: the registry's.
    start: Vec<u8>,
    /// What comes after them: what the endpoint tells of itself.
    end: Vec<u8>,
    stage: Stage,
    measurement: Measurement,
    /// Last, so that the next one's comes once everything else is gone, and measured.
    turn: Turn,
}

/// What is to be exposed, and how.
pub(super) struct Order {
    pub(super) source: Arc<Source>,
    pub(super) dialect: Dialect,
    pub(super) coding: Coding,
    pub(super) instruments: Option<Arc<Instruments>>,
}

/// What comes next.
enum Stage {
    Texts,
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
            measurement: Measurement::new(order.instruments.clone()),
            order,
            start: Vec::new(),
            end: Vec::new(),
            stage: Stage::Texts,
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
        self.measurement.begin();
        let stage = mem::replace(&mut self.stage, Stage::Texts);
        match self.advance(stage) {
            Ok(Stage::Done(body)) => {
                self.measurement.end(Ending::Answered);
                Ok(Progress::Done(body))
            }
            Ok(stage) => {
                self.stage = stage;
                Ok(Progress::More(self))
            }
            Err(error) => {
                self.measurement.end(Ending::Refused);
                Err(error)
            }
        }
    }

    fn advance(&mut self, stage: Stage) -> Result<Stage, ScrapeError> {
        Ok(match stage {
            Stage::Texts => self.write_texts()?,
            Stage::Collect(families, collecting) => collect(families, collecting),
            Stage::Project(families, snapshot) => project(families, snapshot),
            Stage::Gauges(families, snapshot, projection, gauges) => {
                let values = Values {
                    snapshot,
                    projection,
                    gauges,
                };
                self.read_gauges(families, values)?
            }
            Stage::Measure(pieces, length) => self.measure(pieces, length)?,
            Stage::Compress(pieces, encoder) => compress(pieces, encoder)?,
            Stage::Done(body) => Stage::Done(body),
        })
    }

    /// The registry goes first, in the one call that the library has for it.
    fn write_texts(&mut self) -> Result<Stage, ScrapeError> {
        let Order {
            source,
            dialect,
            instruments,
            ..
        } = &self.order;
        let mut names = Names::default();
        if let Some(registry) = &source.registry {
            let text = library::encode(registry)?;
            self.start = library::copy(&text, *dialect, &mut names)?;
        }
        if let Some(families) = &source.families {
            families.take_names(&mut names)?;
        }
        if let Some(instruments) = instruments {
            let text = library::encode(&instruments.registry())?;
            self.end = library::copy(&text, *dialect, &mut names)?;
        }
        self.end.extend_from_slice(dialect.end().as_bytes());
        let Some(families) = &source.families else {
            let mut all = mem::take(&mut self.start);
            all.append(&mut self.end);
            return self.write(Pieces::new(all, None));
        };
        let collecting = families.store().collect();
        Ok(Stage::Collect(Arc::clone(families), collecting))
    }

    fn read_gauges(
        &mut self,
        families: Arc<Families>,
        mut values: Values,
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
        let rest = Rest {
            writer: Box::new(Writer::new(families, self.order.dialect, values)),
            end: mem::take(&mut self.end),
            pool: Arc::clone(&self.order.source.pool),
        };
        let start = mem::take(&mut self.start);
        self.write(Pieces::new(start, Some(rest)))
    }

    fn write(&self, pieces: Pieces) -> Result<Stage, ScrapeError> {
        if self.order.dialect.has_lengths() {
            return Ok(Stage::Measure(pieces, Length::default()));
        }
        Ok(match self.order.coding.encoder()? {
            Some(encoder) => Stage::Compress(pieces, encoder),
            None => Stage::Measure(pieces, Length::default()),
        })
    }

    fn measure(&self, mut pieces: Pieces, mut length: Length) -> Result<Stage, ScrapeError> {
        if pieces.measure(ROWS_PER_PIECE, &mut length) {
            return Ok(Stage::Measure(pieces, length));
        }
        Ok(match self.order.coding.encoder()? {
            Some(encoder) => Stage::Compress(pieces, encoder),
            None => Stage::Done(ExpositionBody::new(pieces, length.0)),
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

fn compress(mut pieces: Pieces, mut encoder: Box<dyn Encoder>) -> Result<Stage, ScrapeError> {
    let Some(piece) = pieces.next(SIZE) else {
        return Ok(Stage::Done(ExpositionBody::whole(encoder.finish()?)));
    };
    encoder.write_all(&piece)?;
    Ok(Stage::Compress(pieces, encoder))
}
