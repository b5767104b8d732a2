use crate::{
    format::wire::{Message, push_message, push_str, push_uint},
    model::{DottedNames, label_pairs},
};
use std::borrow::Cow;

/// Something that is said of a resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    pub(crate) key: Cow<'static, str>,
    pub(crate) value: Value,
}

/// The value of an attribute, of the types that are used here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
}

/// `KeyValue`, with an `AnyValue` in it.
pub(super) fn push_attribute(out: &mut Message, field: u32, attribute: &Attribute) {
    match &attribute.value {
        Value::Text(text) => push_text(out, field, &attribute.key, text),
        Value::Number(number) => push_number(out, field, &attribute.key, *number),
    }
}

pub(super) fn push_text(out: &mut Message, field: u32, key: &str, text: &str) {
    push_message(out, field, |pair| {
        push_str(pair, 1, key);
        push_message(pair, 2, |value| push_str(value, 1, text));
    });
}

fn push_number(out: &mut Message, field: u32, key: &str, number: i64) {
    push_message(out, field, |pair| {
        push_str(pair, 1, key);
        // Of type `int64`: a negative one is as long as can be.
        push_message(pair, 2, |value| push_uint(value, 3, number as u64));
    });
}

/// The labels of a series.
pub(super) fn push_labels(
    out: &mut Message,
    field: u32,
    labels: &str,
    names: Option<&DottedNames>,
) {
    for (label, text) in label_pairs(labels) {
        let Some(attribute) = names.and_then(|names| names.attribute(label)) else {
            push_text(out, field, label, &text);
            continue;
        };
        match text.parse() {
            Ok(number) if attribute.is_number => push_number(out, field, attribute.name, number),
            _ => push_text(out, field, attribute.name, &text),
        }
    }
}
