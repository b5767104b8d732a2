//! What a call costs.

use super::{body, call_to, layered, read, trailers_only, within};
use crate::support::{
    ScriptedBody,
    Step::{self, Data, Status},
};
use allocation_counter::measure;
use http::Response;

#[test]
fn a_call_to_a_proven_route_allocates_nothing() {
    const CALLS: usize = 100;
    let layer = layered(|builder| builder.grpc_service("pkg.Svc"));
    layer.answer(trailers_only("0"));
    layer.answer(body(&[Data, Status("0")]));
    layer.answer(body(&[Data, Status("5")]));
    drop(layer.never(within("1S")));

    let scripts: [&[Step]; 3] = [&[Data, Status("0")], &[Data, Status("5")], &[Data]];
    let calls = || -> Vec<_> {
        let scripts = scripts.iter().cycle().take(CALLS);
        scripts.map(|script| (within("1S"), body(script))).collect()
    };
    let (bare, wrapped) = (calls(), calls());
    let without = measure(|| {
        for (request, response) in bare {
            drop(request);
            read(response.into_body());
        }
    });
    let with = measure(|| {
        for (request, response) in wrapped {
            read(layer.respond(request, response).into_body());
        }
    });
    assert_eq!(with.count_total, without.count_total);
}

#[test]
fn nothing_is_kept_of_a_path_that_is_no_route() {
    let layer = layered(|builder| builder.max_label_sets(4));
    let answer = |path: &str, response| read(layer.respond(call_to(path), response).into_body());
    let invent = |n: usize| {
        let path = format!("/pkg.Svc/Invented{n}");
        answer(&path, trailers_only("12"));
        answer(&path, body(&[Data]));
        answer(&path, Response::new(ScriptedBody::empty()));
        drop(layer.never(call_to(&path)));
    };
    // All that can be counted of them is there.
    invent(0);
    let kept = measure(|| (1..1_000).for_each(invent));
    assert_eq!(kept.bytes_current, 0);

    // The budget is spent, so that no call proves a path.
    let prove = |n: usize| answer(&format!("/pkg.Svc/Method{n}"), trailers_only("0"));
    prove(0);
    let kept = measure(|| (1..1_000).for_each(prove));
    assert_eq!(kept.bytes_current, 0);
}
