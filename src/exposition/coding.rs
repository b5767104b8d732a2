//! Which content coding a scraper prefers, by its `Accept-Encoding` headers (RFC 9110, section 12.5.3).

use super::accept::{elements, parse_quality};
use http::{HeaderMap, header::ACCEPT_ENCODING};
use std::io;

/// What is done to an exposition before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    #[cfg(feature = "gzip")]
    Gzip,
    #[cfg(feature = "zstd")]
    Zstd,
}

/// Those that there are. Of equally wanted ones the last is taken.
const OFFERED: &[Coding] = &[
    Coding::Identity,
    #[cfg(feature = "gzip")]
    Coding::Gzip,
    #[cfg(feature = "zstd")]
    Coding::Zstd,
];

/// What the choice of an exposition depends on.
pub(super) const VARY: &str = if OFFERED.len() > 1 {
    "accept, accept-encoding"
} else {
    "accept"
};

/// Little is gained by more: the text repeats itself so much that this finds nearly all of it.
#[cfg(any(feature = "gzip", feature = "zstd"))]
const LEVEL: u8 = 1;

/// The coding that is preferred. It is no coding if nothing that we have is wanted, and even if that is
/// refused: who can decode anything can read what is not encoded.
pub(super) fn negotiate(headers: &HeaderMap) -> Coding {
    let wanted = |coding: &&Coding| quality(headers, coding.names()) > 0;
    let wanted = OFFERED.iter().filter(wanted);
    wanted
        .max_by_key(|coding| quality(headers, coding.names()))
        .copied()
        .unwrap_or(Coding::Identity)
}

/// How much a coding with these names is wanted, in thousandths: by its name, or else by `*`.
fn quality(headers: &HeaderMap, names: &[&str]) -> u16 {
    let among = |names: &[&str]| {
        let listed = elements(headers, &ACCEPT_ENCODING).filter_map(parse);
        let named = |name: &str| names.iter().any(|other| name.eq_ignore_ascii_case(other));
        listed
            .filter(|(name, _)| named(name))
            .map(|(_, quality)| quality)
            .max()
    };
    among(names).or_else(|| among(&["*"])).unwrap_or(0)
}

/// A coding and its weight. `None` if it is malformed: such an element says nothing, and does not spoil the
/// others.
fn parse(element: &str) -> Option<(&str, u16)> {
    let (name, weight) = element.split_once(';').unwrap_or((element, "q=1"));
    let (parameter, quality) = weight.trim().split_once('=')?;
    if !parameter.eq_ignore_ascii_case("q") {
        return None;
    }
    Some((name.trim(), parse_quality(quality)?))
}

impl Coding {
    /// As in `Content-Encoding`, which is not sent without one.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            #[cfg(feature = "gzip")]
            Self::Gzip => Some("gzip"),
            #[cfg(feature = "zstd")]
            Self::Zstd => Some("zstd"),
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Identity => &["identity"],
            #[cfg(feature = "gzip")]
            Self::Gzip => &["gzip", "x-gzip"],
            #[cfg(feature = "zstd")]
            Self::Zstd => &["zstd"],
        }
    }

    /// What compresses, if that is what it does.
    pub(super) fn encoder(self) -> io::Result<Option<Box<dyn Encoder>>> {
        Ok(match self {
            Self::Identity => None,
            #[cfg(feature = "gzip")]
            Self::Gzip => {
                let level = flate2::Compression::new(LEVEL.into());
                Some(Box::new(flate2::write::GzEncoder::new(Vec::new(), level)))
            }
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(Vec::new(), LEVEL.into())?;
                Some(Box::new(encoder))
            }
        })
    }
}

/// Compresses what is written to it, piece by piece.
pub(super) trait Encoder: io::Write + Send + Sync {
    fn finish(self: Box<Self>) -> io::Result<Vec<u8>>;
}

#[cfg(feature = "gzip")]
impl Encoder for flate2::write::GzEncoder<Vec<u8>> {
    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

#[cfg(feature = "zstd")]
impl Encoder for zstd::stream::write::Encoder<'static, Vec<u8>> {
    fn finish(self: Box<Self>) -> io::Result<Vec<u8>> {
        (*self).finish()
    }
}

#[cfg(all(test, feature = "gzip", feature = "zstd"))]
mod tests {
    use super::{Coding::*, *};

    fn of(values: &[&str]) -> Coding {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT_ENCODING, value.parse().unwrap());
        }
        negotiate(&headers)
    }

    #[test]
    fn the_most_wanted_coding_is_taken() {
        for (accept, coding) in [
            ("gzip", Gzip),
            // Prometheus, browsers, and curl.
            ("gzip", Gzip),
            ("gzip, deflate, br, zstd", Zstd),
            ("deflate, gzip", Gzip),
            ("GZip", Gzip),
            ("x-gzip", Gzip),
            ("X-GZIP;Q=0.5", Gzip),
            ("zstd", Zstd),
            ("gzip;q=0.9, zstd;q=0.8", Gzip),
            ("gzip;q=0.8, zstd;q=0.801", Zstd),
            ("gzip ; q=0.001", Gzip),
            ("gzip, x-gzip;q=0, zstd;q=0.5", Gzip),
            ("identity, gzip", Gzip),
            ("identity;q=0.5, gzip;q=0.5", Gzip),
            ("identity;q=0.6, gzip;q=0.5", Identity),
            ("identity;q=0, gzip", Gzip),
            ("*", Zstd),
            ("*;q=0.1", Zstd),
            ("*, zstd;q=0", Gzip),
            ("*;q=0.5, gzip;q=0.6", Gzip),
            ("*;q=0.5, gzip;q=0.4, zstd;q=0.4", Identity),
            ("*;q=0, gzip;q=0.1", Gzip),
            ("gzip;q=0, *", Zstd),
        ] {
            assert_eq!(of(&[accept]), coding, "{accept}");
        }
        assert_eq!(of(&["gzip;q=0.1", "zstd;q=0.2"]), Zstd);
        assert_eq!(of(&["gzip;q=0.1", "br", "zstd;q=0"]), Gzip);
    }

    #[test]
    fn who_accepts_nothing_of_it_gets_the_text_as_it_is() {
        for accept in [
            "",
            "identity",
            "br, deflate",
            "gzip;q=0",
            "gzip;q=0.000, zstd;q=0",
            "*;q=0",
            "identity;q=0",
            "identity;q=0, *;q=0",
            "gzip;q=0, zstd;q=0, *",
        ] {
            assert_eq!(of(&[accept]), Identity, "{accept}");
        }
        assert_eq!(of(&[]), Identity);
        assert_eq!(of(&["", ""]), Identity);
    }

    #[test]
    fn malformed_elements_say_nothing() {
        for accept in [
            "gzip;q=2",
            "gzip;q=-1",
            "gzip;q=0.1234",
            "gzip;q=",
            "gzip;q",
            "gzip;",
            "gzip;level=1",
            "gzip;q=1;level=1",
            "gzip gzip",
            "gzip/1",
            "gzi",
            "**",
            ";q=1",
            ",;=,",
        ] {
            assert_eq!(of(&[accept]), Identity, "{accept}");
            assert_eq!(of(&[accept, "zstd;q=0.2"]), Zstd, "{accept}");
            assert_eq!(of(&[&format!("{accept}, gzip;q=0.2")]), Gzip, "{accept}");
        }
    }
}
