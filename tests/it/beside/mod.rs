//! What other libraries count is shown beside what the layer counts.

mod functions_are_asked_by_each_scrape;
mod malformed_texts_are_refused;
mod names_are_unique;
mod texts_are_shown_in_every_format;

use prometheus_client::registry::Registry;
use tower_red::Exposition;

/// An endpoint that shows these texts and nothing else.
fn showing(texts: impl IntoIterator<Item = impl Into<String>>) -> Exposition {
    let exposition = Exposition::new(Registry::default());
    texts.into_iter().fold(exposition, |exposition, text| {
        let text = text.into();
        exposition.beside(move || text.clone())
    })
}
