use std::{fs, path::Path};

/// The rows of the tables that name a line: that line, and the file that has it.
fn rows(text: &str) -> impl Iterator<Item = (String, &str)> {
    text.lines().filter_map(|row| {
        let (_, line) = row.split_once(" | `")?;
        let (line, file) = line.split_once("` | [")?;
        let (_, file) = file.split_once("](")?;
        Some((line.replace(r"\|", "|"), file.strip_suffix(") |")?))
    })
}

#[test]
fn each_line_that_the_docs_name_is_in_the_file_that_they_name() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let text = fs::read_to_string(docs.join("systems.md")).unwrap();
    let mut count = 0;
    for (line, file) in rows(&text) {
        let source = fs::read_to_string(docs.join(file)).unwrap();
        let found = source.lines().any(|present| present.trim() == line);
        assert!(found, "{line}\nis not in {file}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}
