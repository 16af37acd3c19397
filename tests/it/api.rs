//! Compares the public API with the list in `tests/api.txt`, so that no change of it goes
//! unnoticed.
//!
//! The list is made from the source, where `pub` means public because of the lint
//! `unreachable_pub`.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api.txt");

/// Writes the list instead of comparing it if `VIPPS_WRITE_API` is set.
#[test]
fn the_public_api_is_that_of_the_list() {
    let files = files_below(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    let sources: Vec<(String, String)> = files.iter().map(|path| read(path)).collect();
    let types: HashSet<&str> = sources
        .iter()
        .flat_map(|(_, text)| types_of(text))
        .collect();
    let found: BTreeSet<String> = sources
        .iter()
        .flat_map(|(module, text)| items_of(module, text, &types))
        .collect();
    let found: String = found.iter().map(|item| format!("{item}\n")).collect();
    if std::env::var_os("VIPPS_WRITE_API").is_some() {
        fs::write(LIST, &found).unwrap();
        return;
    }
    let listed = fs::read_to_string(LIST).unwrap_or_default();
    let (listed_lines, found_lines): (HashSet<&str>, HashSet<&str>) =
        (listed.lines().collect(), found.lines().collect());
    let missing: Vec<_> = listed
        .lines()
        .filter(|line| !found_lines.contains(line))
        .collect();
    let new: Vec<_> = found
        .lines()
        .filter(|line| !listed_lines.contains(line))
        .collect();
    assert!(
        missing.is_empty() && new.is_empty(),
        "the public API has changed. If that is intended, run \
         `VIPPS_WRITE_API=1 cargo test --test it public_api`\nremoved: {missing:#?}\nnew: {new:#?}"
    );
}

pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![path],
        })
        .collect()
}

/// The public module of a file's items, and the file without its unit tests.
fn read(path: &Path) -> (String, String) {
    let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let code = text.split("\n#[cfg(test)]\n").next().unwrap();
    let path = path.display().to_string().replace('\\', "/");
    let module = match path.rsplit_once("/src/").unwrap().1 {
        "order_management/v1.rs" => "order_management::v1",
        inside => match inside.split(['/', '.']).next().unwrap() {
            module @ ("management" | "order_management" | "sandbox") => module,
            _ => "",
        },
    };
    (module.to_owned(), code.to_owned())
}

fn types_of(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter_map(|line| {
        let rest = line
            .strip_prefix("pub struct ")
            .or(line.strip_prefix("pub enum "))?;
        rest.split(|c: char| !c.is_alphanumeric()).next()
    })
}

/// Each item with its type or module. `rustfmt` writes an item on one line, or on several lines of
/// which only the last ends with `{`, `;` or, in types, `,`.
fn items_of(module: &str, code: &str, types: &HashSet<&str>) -> Vec<String> {
    let mut items = Vec::new();
    let mut of = String::new();
    let mut derives = String::new();
    let mut is_in_enum = false;
    let mut macro_name = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let text = line.trim();
        if line.starts_with('}') {
            (of, is_in_enum) = (module.to_owned(), false);
            macro_name.clear();
        } else if let Some(name) = line.strip_prefix("macro_rules! ") {
            // The items of every type that the macro generates.
            macro_name = name.trim_end_matches(" {").to_owned();
        } else if let Some(list) = text.strip_prefix("#[derive(") {
            derives = list.trim_end_matches(")]").to_owned();
        } else if !macro_name.is_empty() {
            if text.starts_with("pub fn ") || text.starts_with("impl ") {
                items.push(format!("{macro_name}!: {}", whole_item(text, &mut lines)));
            }
        } else if line.starts_with("impl") {
            let whole = whole_item(text, &mut lines);
            let target = whole
                .split(" for ")
                .last()
                .unwrap()
                .trim_start_matches("impl ");
            let name = target.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            name.clone_into(&mut of);
            if whole.contains(" for ") && types.contains(name) {
                items.push(format!("{name}: {whole}"));
            }
        } else if text.starts_with("pub ") && !text.starts_with("pub mod ") {
            let whole = whole_item(text, &mut lines);
            let name = whole.split(' ').nth(2).unwrap_or_default();
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            let is_type = whole.starts_with("pub struct") || whole.starts_with("pub enum");
            if is_type {
                items.push(format!("{name}: {whole}, in {module:?}, derives {derives}"));
                name.clone_into(&mut of);
                is_in_enum = whole.starts_with("pub enum");
                if line.ends_with(';') {
                    module.clone_into(&mut of);
                }
            } else {
                let of = if line.starts_with(' ') { &of } else { module };
                items.push(format!("{of}: {whole}"));
            }
            derives.clear();
        } else if is_in_enum && text.starts_with(char::is_uppercase) {
            items.push(format!("{of}: {}", text.trim_end_matches([',', '{', ' '])));
        }
    }
    items
}

/// An item from its first line to its body or its end.
fn whole_item<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>) -> String {
    let ends: &[char] = match first {
        _ if first.starts_with("pub use ") => &[';'],
        _ if first.contains("fn ") || first.starts_with("impl") => &['{', ';', '}'],
        _ => &['{', ';', ',', '}'],
    };
    let mut item = first.to_owned();
    while !item.ends_with(ends) {
        let Some(line) = lines.next() else { break };
        item.push(' ');
        item.push_str(line.trim());
    }
    item.trim_end_matches(['{', ';', ',', ' ']).to_owned()
}
