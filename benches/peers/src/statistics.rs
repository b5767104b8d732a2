use std::fmt;

/// The median and the quartiles of some figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quartiles {
    pub(crate) first: f64,
    pub(crate) median: f64,
    pub(crate) third: f64,
}

impl Quartiles {
    /// Interpolated between the two figures next to each.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| {
            let place = share * (sorted.len() - 1) as f64;
            let (below, above) = (
                sorted[place.floor() as usize],
                sorted[place.ceil() as usize],
            );
            below + (above - below) * place.fract()
        };
        Self {
            first: quantile(0.25),
            median: quantile(0.5),
            third: quantile(0.75),
        }
    }
}

/// The median, and the quartiles behind it, with as many decimals as are asked for.
impl fmt::Display for Quartiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(0);
        let Self {
            first,
            median,
            third,
        } = self;
        write!(
            f,
            "{median:.decimals$} ({first:.decimals$} to {third:.decimals$})"
        )
    }
}

pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    Quartiles::of(figures).median
}
