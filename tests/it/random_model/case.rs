//! One request, made up at random.

use super::options::Said;
use crate::support::random::Random;
use std::collections::VecDeque;

/// Paths, and the routes that HTTP has for them on the server.
const PATHS: [(&str, &str); 9] = [
    ("/users/7", "/users/{id}"),
    ("/nothing", "_unmatched"),
    ("/tail/7", "/tail/{id}"),
    ("/healthz", "/healthz"),
    ("/pkg.Svc/Known", "/pkg.Svc/Known"),
    ("/pkg.Svc/Tail", "/pkg.Svc/Tail"),
    ("/pkg.Svc/A", "_unmatched"),
    ("/other.Svc/A", "_unmatched"),
    ("/other.Svc/B", "_unmatched"),
];
pub(super) const STREAMS: [&str; 2] = ["/tail/{id}", "/pkg.Svc/Tail"];
pub(super) const SKIPPED: &str = "/healthz";
const TEMPLATES: [&str; 4] = ["/named", "/users/{id}", "/tail/{id}", SKIPPED];
const METHODS: [&str; 8] = [
    "GET", "POST", "POST", "POST", "POST", "HEAD", "CONNECT", "BREW",
];
const STATUSES: [u16; 10] = [200, 200, 200, 101, 204, 304, 404, 429, 503, 777];
const TYPES: [&str; 4] = [
    "application/grpc",
    "application/grpc+proto",
    "text/html",
    "text/event-stream",
];
const LENGTHS: [&[&str]; 7] = [&[], &[], &["0"], &["8"], &["8", "8"], &["8", "4"], &["x"]];
pub(super) type Code = (&'static str, &'static str, bool);

/// What `grpc-status` says, its name, and whether a server is then at fault.
pub(super) const CODES: [Code; 5] = [
    ("0", "OK", false),
    ("0", "OK", false),
    ("5", "NOT_FOUND", false),
    ("12", "UNIMPLEMENTED", true),
    ("99", "UNKNOWN", true),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    PanicsInCall,
    PanicsInPoll,
    Fails,
    Never,
    Responds,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Data(usize),
    /// Data that cannot say how long it is.
    BadData,
    Trailers(Option<Code>),
    End,
    Error,
    Panic,
    Wait,
}

/// What a body's `&self` methods say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Says {
    End,
    NoEnd,
    Truth,
    /// It panics, from that poll on.
    PanicsFrom(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Hint {
    Unknown,
    Exact(u64),
    Panics,
}

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) steps: VecDeque<Step>,
    pub(super) polls: usize,
    pub(super) end: Says,
    pub(super) hint: Hint,
}

/// That it panics.
pub(super) struct Panics;

impl Script {
    pub(super) fn is_end_stream(&self) -> Result<bool, Panics> {
        match self.end {
            Says::End => Ok(true),
            Says::NoEnd => Ok(false),
            Says::Truth => Ok(matches!(self.steps.front(), Some(Step::End))),
            Says::PanicsFrom(polls) if self.polls >= polls => Err(Panics),
            Says::PanicsFrom(_) => Ok(false),
        }
    }

    pub(super) fn next(&mut self) -> Step {
        self.polls += 1;
        self.steps.pop_front().unwrap_or(Step::Wait)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    Poll,
    AskForEnd,
    AskForSize,
}

/// One request, and everything that happens to it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) method: &'static str,
    pub(super) path: (&'static str, &'static str),
    pub(super) template: Option<&'static str>,
    pub(super) content_type: Option<&'static str>,
    /// In milliseconds, as are the times before and after the head.
    pub(super) timeout: Option<u64>,
    pub(super) before: u64,
    pub(super) after: u64,
    pub(super) answer: Answer,
    pub(super) status: u16,
    pub(super) overrule: Option<&'static str>,
    pub(super) answer_type: Option<&'static str>,
    pub(super) lengths: &'static [&'static str],
    pub(super) code: Option<Code>,
    pub(super) script: Script,
    pub(super) uses: Vec<Use>,
    pub(super) dropped_elsewhere: bool,
    pub(super) said: Said,
}

impl Case {
    pub(super) fn new(random: &mut Random) -> Self {
        use Answer::{Fails, Never, PanicsInCall, PanicsInPoll, Responds};
        let is_call = random.below(2) == 0;
        let answers = [PanicsInCall, PanicsInPoll, Fails, Never];
        let steps = (0..random.below(6)).map(|_| match random.below(24) {
            0 => Step::BadData,
            1 => Step::Error,
            2 => Step::Panic,
            3 => Step::Wait,
            4..8 => Step::Trailers(random.some(|random| random.one_of(&CODES))),
            8..12 => Step::End,
            _ => Step::Data(random.one_of(&[0, 1, 4, 8, 9])),
        });
        let steps = steps.collect();
        Self {
            method: random.one_of(&METHODS),
            path: random.one_of(&PATHS),
            template: random.some(|random| random.one_of(&TEMPLATES)),
            content_type: is_call.then(|| random.one_of(&TYPES)),
            timeout: random.some(|random| random.below(100) as u64),
            before: random.below(100) as u64,
            after: random.below(100) as u64,
            answer: random
                .some(|random| random.one_of(&answers))
                .unwrap_or(Responds),
            status: random.one_of(&STATUSES),
            overrule: random.some(|random| random.one_of(&TEMPLATES)),
            answer_type: match random.below(4) {
                0 => random.some(|random| random.one_of(&TYPES)),
                _ => Some(TYPES[if is_call { 0 } else { 2 }]),
            },
            lengths: random.one_of(&LENGTHS),
            code: random.some(|random| random.one_of(&CODES)),
            script: Script {
                steps,
                polls: 0,
                end: match random.below(12) {
                    0 => Says::End,
                    1 => Says::PanicsFrom(random.below(4)),
                    2..6 => Says::NoEnd,
                    _ => Says::Truth,
                },
                hint: match random.below(16) {
                    0 => Hint::Panics,
                    1..6 => Hint::Exact(random.one_of(&[0, 4, 8, 9, u64::MAX])),
                    _ => Hint::Unknown,
                },
            },
            uses: (0..random.below(8))
                .map(|_| random.one_of(&[Use::Poll, Use::Poll, Use::AskForEnd, Use::AskForSize]))
                .collect(),
            dropped_elsewhere: random.below(32) == 0,
            said: Said::new(random),
        }
    }
}
