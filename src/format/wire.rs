//! The wire format of protobuf, as far as the formats need it.
//!
//! What has the default value is written all the same, as the official clients do: it takes a few bytes, and
//! nobody has to wonder whether it is known.

/// A message as far as it is written, or several.
pub(super) type Message = Vec<u8>;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const DELIMITED: u32 = 2;

/// The most bytes that a varint has.
const LONGEST_VARINT: usize = 10;

/// What a number is as a varint, and how many bytes of it.
fn varint(mut value: u64) -> ([u8; LONGEST_VARINT], usize) {
    let mut bytes = [0; LONGEST_VARINT];
    let mut length = 0;
    for byte in &mut bytes {
        length += 1;
        *byte = value as u8 | 0x80;
        value >>= 7;
        if value == 0 {
            *byte &= 0x7f;
            break;
        }
    }
    (bytes, length)
}

pub(super) fn push_varint(out: &mut Message, value: u64) {
    let (bytes, length) = varint(value);
    out.extend_from_slice(&bytes[..length]);
}

fn push_tag(out: &mut Message, field: u32, wire_type: u32) {
    push_varint(out, u64::from(field << 3 | wire_type));
}

pub(super) fn push_uint(out: &mut Message, field: u32, value: u64) {
    push_tag(out, field, VARINT);
    push_varint(out, value);
}

/// A signed number of the types `sint32` and `sint64`, which small negative ones are short in.
pub(super) fn push_sint(out: &mut Message, field: u32, value: i64) {
    push_uint(out, field, ((value << 1) ^ (value >> 63)) as u64);
}

pub(super) fn push_double(out: &mut Message, field: u32, value: f64) {
    push_tag(out, field, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn push_str(out: &mut Message, field: u32, value: &str) {
    push_tag(out, field, DELIMITED);
    push_varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

#[cfg(feature = "otlp")]
pub(super) fn push_bytes(out: &mut Message, field: u32, value: &[u8]) {
    push_length_of(out, field, value.len());
    out.extend_from_slice(value);
}

/// A number of the types `fixed64` and `sfixed64`.
#[cfg(feature = "otlp")]
pub(super) fn push_fixed(out: &mut Message, field: u32, value: u64) {
    push_tag(out, field, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Numbers of eight bytes each: `repeated fixed64` or `repeated double`.
#[cfg(feature = "otlp")]
pub(super) fn push_packed(
    out: &mut Message,
    field: u32,
    values: impl ExactSizeIterator<Item = [u8; 8]>,
) {
    push_length_of(out, field, 8 * values.len());
    values.for_each(|value| out.extend_from_slice(&value));
}

/// What stands before a message, or a string, of so many bytes.
#[cfg(feature = "otlp")]
pub(super) fn push_length_of(out: &mut Message, field: u32, length: usize) {
    push_tag(out, field, DELIMITED);
    push_varint(out, length as u64);
}

/// A message within another one. Its length is put before it once it is there: mostly that is one byte.
pub(super) fn push_message(out: &mut Message, field: u32, write: impl FnOnce(&mut Message)) {
    push_tag(out, field, DELIMITED);
    let start = out.len();
    out.push(0);
    write(out);
    let (length, bytes) = varint((out.len() - start - 1) as u64);
    if bytes > 1 {
        let end = out.len();
        out.resize(end + bytes - 1, 0);
        out.copy_within(start + 1..end, start + bytes);
    }
    out[start..start + bytes].copy_from_slice(&length[..bytes]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_specification_has_them() {
        let cases: [(u64, &[u8]); 6] = [
            (0, &[0]),
            (1, &[1]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (150, &[0x96, 1]),
            (
                u64::MAX,
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            ),
        ];
        for (value, bytes) in cases {
            let mut out = Message::new();
            push_varint(&mut out, value);
            assert_eq!(out, bytes, "{value}");
        }
        for (value, zigzag) in [
            (0, 0),
            (-1, 1),
            (1, 2),
            (-2, 3),
            (i64::MAX, u64::MAX - 1),
            (i64::MIN, u64::MAX),
        ] {
            let (mut out, mut expected) = (Message::new(), Message::new());
            push_sint(&mut out, 1, value);
            push_uint(&mut expected, 1, zigzag);
            assert_eq!(out, expected, "{value}");
        }
        let mut out = Message::new();
        push_double(&mut out, 2, 1.0);
        assert_eq!(out, [0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    }

    #[test]
    fn a_message_has_its_length_before_it() {
        for length in [0, 1, 127, 128, 16_383, 16_384] {
            let mut out = vec![9];
            push_message(&mut out, 16, |inner| inner.extend(vec![7; length]));
            let mut expected = vec![9, 0x82, 1];
            push_varint(&mut expected, length as u64);
            expected.extend(vec![7; length]);
            assert_eq!(out, expected, "{length}");
        }
    }
}
