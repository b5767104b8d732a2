use crate::statistics::Quartiles;
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use std::{error::Error, path::Path};

const WIDTH: i32 = 890;
const ROW: i32 = 34;
const TOP: i32 = 46;
const BOTTOM: i32 = 12;
/// The library draws text a fifth smaller than it is asked to.
const TITLE: i32 = 21;
const LABEL: i32 = 18;
/// Where the bars begin and where the longest ends: names before, figures after.
const BARS: (i32, i32) = (400, 810);

/// Halfway between white and the dark page in contrast: readable on both.
const INK: RGBColor = RGBColor(0x79, 0x79, 0x79);
const OURS: RGBColor = RGBColor(0xe0, 0x4f, 0x3d);
const OTHERS: RGBColor = RGBColor(0x5b, 0x8d, 0xb8);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What a layer adds to a request.
pub(crate) struct Bar {
    pub(crate) title: String,
    pub(crate) added: Quartiles,
    /// It is the one that all this is about.
    pub(crate) ours: bool,
}

/// Draws bars of nanoseconds, the shortest first.
pub(crate) fn draw(mut bars: Vec<Bar>, path: &Path) -> Result<(), Box<dyn Error>> {
    bars.sort_by(|one, other| one.added.median.total_cmp(&other.added.median));
    let thirds = bars.iter().map(|bar| bar.added.third);
    let longest = thirds.fold(1.0, f64::max);
    let height = TOP + ROW * bars.len() as i32 + BOTTOM;
    let area = SVGBackend::new(path, (WIDTH as u32, height as u32)).into_drawing_area();
    text(
        &area,
        "Nanoseconds that a layer adds to a request: medians, and quartiles",
        (12, TOP / 2),
        TITLE,
        HPos::Left,
    )?;
    for (bar, row) in bars.iter().zip(0..) {
        bar.draw(&area, TOP + ROW * row + ROW / 2, longest)?;
    }
    area.present()?;
    Ok(())
}

impl Bar {
    fn draw(&self, area: &Area<'_>, middle: i32, longest: f64) -> Result<(), Box<dyn Error>> {
        let x = |nanoseconds: f64| {
            let share = (nanoseconds / longest).clamp(0.0, 1.0);
            BARS.0 + (share * f64::from(BARS.1 - BARS.0)).round() as i32
        };
        let colour = if self.ours { OURS } else { OTHERS };
        let Quartiles {
            first,
            median,
            third,
        } = self.added;
        let corners = [
            (BARS.0, middle - 9),
            (x(median).max(BARS.0 + 1), middle + 9),
        ];
        area.draw(&Rectangle::new(corners, colour.filled()))?;
        let quartiles = vec![(x(first), middle), (x(third), middle)];
        area.draw(&PathElement::new(quartiles, INK.stroke_width(2)))?;
        text(area, &self.title, (BARS.0 - 10, middle), LABEL, HPos::Right)?;
        text(
            area,
            &format!("{median:.0}"),
            (x(third.max(median)) + 8, middle),
            LABEL,
            HPos::Left,
        )
    }
}

fn text(
    area: &Area<'_>,
    text: &str,
    place: (i32, i32),
    size: i32,
    side: HPos,
) -> Result<(), Box<dyn Error>> {
    let style = ("sans-serif", size).into_font().color(&INK);
    let style = style.pos(Pos::new(side, VPos::Center));
    Ok(area.draw(&Text::new(text.to_owned(), place, style))?)
}
