use super::{Families, protobuf, text};
use crate::client::{self, AnyError};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use std::{io::Read, net::SocketAddr};

/// What a scraper asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    OpenMetrics,
    Classic,
    Protobuf,
}

pub(crate) const FORMATS: [Format; 3] = [Format::OpenMetrics, Format::Classic, Format::Protobuf];

impl Format {
    pub(super) fn accept(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text;version=1.0.0",
            Self::Classic => "text/plain;version=0.0.4",
            Self::Protobuf => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
        }
    }

    /// All bytes of a scrape, as they come.
    pub(super) async fn fetch(self, address: SocketAddr, gzip: bool) -> Result<Vec<u8>, AnyError> {
        let encoding = if gzip { "gzip" } else { "identity" };
        let headers = [("accept", self.accept()), ("accept-encoding", encoding)];
        let (response, _connection) = client::get(address, "/metrics", &headers).await?;
        let content_type = response.headers().get("content-type");
        let content_type = content_type
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default();
        let (media_type, _) = self.accept().split_once(';').unwrap_or_default();
        if !content_type.starts_with(media_type) {
            return Err(format!("{self:?} came as {content_type:?}").into());
        }
        if response.headers().contains_key("content-encoding") != gzip {
            return Err(format!("{self:?} is compressed, or it is not: {gzip}").into());
        }
        Ok(response.into_body().collect().await?.to_bytes().into())
    }

    pub(super) fn parse(self, bytes: &[u8], gzip: bool) -> Result<Families, AnyError> {
        let mut unpacked = Vec::new();
        let bytes = match gzip {
            true => {
                GzDecoder::new(bytes).read_to_end(&mut unpacked)?;
                &unpacked
            }
            false => bytes,
        };
        if self == Self::Protobuf {
            return Ok(protobuf::parse(bytes)?);
        }
        let text = std::str::from_utf8(bytes)?;
        let mut families = text::parse(text);
        if (self == Self::OpenMetrics) != text.ends_with("# EOF\n") {
            families
                .faults
                .push(format!("{self:?} ends with {:?}", text.lines().last()));
        }
        Ok(families)
    }

    /// A scrape, read and checked in itself.
    pub(crate) async fn scrape(self, address: SocketAddr) -> Result<Families, AnyError> {
        let bytes = self.fetch(address, false).await?;
        let mut families = self.parse(&bytes, false)?;
        families.check(None);
        Ok(families)
    }
}
