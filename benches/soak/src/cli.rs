use std::time::Duration;

pub(crate) const USAGE: &str = "\
usage: soak [--minutes N] [--rate N]

  --minutes N   how long it lasts: 60 by default
  --rate N      requests a second, at most: 2000 by default

It prints a line each minute, and its verdict at the end, or once it gets SIGINT or SIGTERM. It fails if a total is not
exact, if a scrape contradicts itself, or if memory grew.";

pub(crate) enum Command {
    Soak(Options),
    /// What the soak starts: the service alone.
    Serve,
    Help,
}

pub(crate) struct Options {
    pub(crate) duration: Duration,
    /// Requests a second.
    pub(crate) rate: u32,
}

impl Command {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options {
            duration: Duration::from_secs(3600),
            rate: 2_000,
        };
        while let Some(name) = arguments.next() {
            match &*name {
                "serve" => return Ok(Self::Serve),
                "--help" | "-h" => return Ok(Self::Help),
                "--minutes" => {
                    let minutes = number(&name, arguments.next())?;
                    options.duration = Duration::from_secs(u64::from(minutes) * 60);
                }
                "--rate" => options.rate = number(&name, arguments.next())?,
                _ => return Err(format!("what is {name:?}?")),
            }
        }
        Ok(Self::Soak(options))
    }
}

fn number(name: &str, value: Option<String>) -> Result<u32, String> {
    let number = value.and_then(|value| value.parse().ok());
    number
        .filter(|number| (1..=1_000_000).contains(number))
        .ok_or(format!("{name} needs a number from 1 to 1000000"))
}
