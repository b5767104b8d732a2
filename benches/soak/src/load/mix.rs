//! Which requests there are, and how often.

use super::{
    journey::{Journey, Patience},
    upload,
};
use crate::{client::Body, random::Random};
use hyper::{
    Request,
    header::{HeaderName, HeaderValue},
    http::request::Builder,
};
use std::time::Duration;

/// Less than the service takes for what is slow.
const IMPATIENT: Duration = Duration::from_millis(25);
const STATUSES: [u16; 12] = [204, 304, 400, 401, 404, 418, 429, 500, 502, 503, 504, 599];

type Make = fn(&mut Random, Builder) -> Journey;

/// Of 1 000.
const MIX: [(u64, Make); 18] = [
    (280, user),
    (110, new_order),
    (100, |random, to| {
        let order = random.below(1_000);
        read(to.method("GET").uri(path(&format!("/orders/{order}"))))
    }),
    (110, search),
    (90, scan),
    (50, |random, to| {
        let item = random.below(1_000);
        read(to.uri(path(&format!("/stock/{item}"))))
    }),
    (50, |random, to| {
        let code = random.one_of(&STATUSES);
        read(to.uri(path(&format!("/status/{code}"))))
    }),
    (40, upload_something),
    (40, |_, to| read(to.uri(path("/files/logo")))),
    (15, |_, to| read(to.method("HEAD").uri(path("/files/logo")))),
    (10, |_, to| to_first_frame(to.uri(path("/files/logo")))),
    (20, |_, to| read(to.uri(path("/export")))),
    (15, |_, to| to_first_frame(to.uri(path("/export")))),
    (15, |_, to| read(to.uri(path("/slow-head")))),
    (15, |_, to| impatient(to.uri(path("/slow-head")))),
    (15, |_, to| to_first_frame(to.uri(path("/slow-body")))),
    (10, |_, to| read(to.method("DELETE").uri(path("/users/7")))),
    (15, fail),
];

/// The next request over HTTP/1.1.
pub(super) fn next(random: &mut Random) -> Journey {
    let to = Request::builder().header("host", "localhost");
    let to = match random.one_in(4) {
        true => to.header("traceparent", traceparent(random)),
        false => to,
    };
    let mut choice = random.below(1_000);
    for (share, make) in MIX {
        match choice.checked_sub(share) {
            Some(rest) => choice = rest,
            None => return make(random, to),
        }
    }
    user(random, to)
}

/// The next over HTTP/2, some of which are calls of gRPC.
pub(super) fn next_or_call(random: &mut Random) -> Journey {
    if !random.one_in(8) {
        return next(random);
    }
    let method = match random.below(8) {
        0 => "Fail".to_owned(),
        1 => "List".to_owned(),
        2 => random.text(9),
        _ => "Pay".to_owned(),
    };
    let to = Request::post(path(&format!("/shop.Orders/{method}")));
    let to = to.header("content-type", "application/grpc");
    match random.below(16) {
        0 => impatient(to),
        1 => to_first_frame(to),
        _ => read(to),
    }
}

/// Whole, so that it will do for HTTP/2 too.
fn path(path: &str) -> String {
    format!("http://localhost{path}")
}

fn journey(to: Builder, body: Body, patience: Patience) -> Journey {
    let request = to.body(body).expect("the load writes valid requests");
    Journey { request, patience }
}

fn read(to: Builder) -> Journey {
    journey(to, upload::none(), Patience::All)
}

fn impatient(to: Builder) -> Journey {
    journey(to, upload::none(), Patience::For(IMPATIENT))
}

fn to_first_frame(to: Builder) -> Journey {
    journey(to, upload::none(), Patience::OneFrame)
}

/// With headers of which labels are made, whatever they say.
fn user(random: &mut Random, to: Builder) -> Journey {
    let id = random.below(1_000_000);
    read(labelled(random, to.uri(path(&format!("/users/{id}")))))
}

fn new_order(random: &mut Random, to: Builder) -> Journey {
    let to = labelled(random, to.method("POST").uri(path("/orders")));
    journey(to, upload::whole(random), Patience::All)
}

fn labelled(random: &mut Random, to: Builder) -> Builder {
    let to = match random.below(4) {
        0 => to,
        1 => to.header("x-tenant", "acme"),
        2 => to.header("x-tenant", "globex"),
        _ => to.header("x-tenant", hostile(random)),
    };
    match random.below(5) {
        0 => to,
        1 => to.header("x-plan", "free"),
        2 => to.header("x-plan", "pro"),
        3 => to.header("x-plan", "team"),
        _ => to.header("x-plan", hostile(random)),
    }
}

fn search(random: &mut Random, to: Builder) -> Journey {
    let to = to.header("x-campaign", hostile(random));
    let target = path(&format!("/search?q={}", random.text(5)));
    match random.one_in(8) {
        true => impatient(to.uri(target)),
        false => read(to.uri(target)),
    }
}

/// Whatever a header may have: quotes, braces, bytes that are no UTF-8, and too much of all that.
fn hostile(random: &mut Random) -> HeaderValue {
    const BYTES: &[u8] = b"ab\"\\{}=,# \t\xff\xc3\xa9";
    let longest = if random.one_in(16) { 400 } else { 12 };
    let length = 1 + random.below(longest);
    let bytes: Vec<_> = (0..length).map(|_| random.one_of(BYTES)).collect();
    HeaderValue::from_bytes(&bytes).expect("none of them ends a line")
}

/// What looks for holes: any path, by any method, with any header.
fn scan(random: &mut Random, to: Builder) -> Journey {
    const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "OPTIONS", "TRACE", "PROPFIND"];
    let method = match random.one_in(4) {
        true => random.text(6).to_uppercase(),
        false => random.one_of(&METHODS).to_owned(),
    };
    let target = format!(
        "/{}/{}.php?{}",
        random.text(4),
        random.text(6),
        random.text(3)
    );
    let name = HeaderName::from_bytes(format!("x-{}", random.text(5)).as_bytes());
    let to = match name {
        Ok(name) => to.header(name, hostile(random)),
        Err(_) => to,
    };
    read(to.method(&*method).uri(path(&target)))
}

fn upload_something(random: &mut Random, to: Builder) -> Journey {
    let to = to.method("PUT").uri(path("/uploads/7"));
    match random.below(8) {
        0 => journey(to, upload::stalled(), Patience::For(IMPATIENT)),
        1..4 => journey(to, upload::streamed(random), Patience::All),
        _ => journey(to, upload::whole(random), Patience::All),
    }
}

fn fail(random: &mut Random, to: Builder) -> Journey {
    let target = random.one_of(&["/panic", "/panicking-body", "/broken-body"]);
    read(to.uri(path(target)))
}

fn traceparent(random: &mut Random) -> String {
    let mut hex = || random.below(u64::MAX);
    format!("00-{:016x}{:016x}-{:016x}-01", hex(), hex(), hex())
}
