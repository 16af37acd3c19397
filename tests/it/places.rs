//! An endpoint has a function, documentation, rows in tables and a changelog entry. A test fails
//! for each of them that is missing, and says what to add. CONTRIBUTING.md lists the places; those
//! of the C library are tested in c/tests/endpoints.rs.
//!
//! Every other public function is in an example of the documentation at least.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

use crate::api::files_below;
use crate::support::{endpoints, token_endpoints};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A public function that takes a session: one per endpoint.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Function {
    /// Such as `order_management::v1`.
    module: String,
    name: String,
}

impl Function {
    /// As the tests' table has it.
    fn table_name(&self) -> String {
        match self.module.ends_with("::v1") {
            true => format!("v1::{}", self.name),
            false => self.name.clone(),
        }
    }

    fn path(&self) -> String {
        format!("{}::{}", self.module, self.name)
    }

    /// Method and path, without the query.
    fn route(&self) -> Option<&'static str> {
        let row = endpoints()
            .into_iter()
            .find(|row| row.name == self.table_name())?;
        row.route.split('?').next()
    }
}

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    text.replace("\r\n", "\n")
}

/// The functions of tests/api.txt, which is compared with the source by a test of its own.
fn functions() -> BTreeSet<Function> {
    let line = Regex::new(r"(?m)^([a-z0-9_:]+): pub fn ([a-z0-9_]+)\( ?session: &Session").unwrap();
    let api = read("tests/api.txt");
    let found: BTreeSet<_> = line
        .captures_iter(&api)
        .map(|found| Function {
            module: found[1].to_owned(),
            name: found[2].to_owned(),
        })
        .collect();
    assert!(!found.is_empty());
    found
}

/// Fails with everything that is missing, and with where to add it.
#[track_caller]
fn assert_none(missing: &[String], advice: &str) {
    assert!(missing.is_empty(), "{advice}:\n{}", missing.join("\n"));
}

#[test]
fn every_function_is_in_the_tests_table() {
    let functions: BTreeSet<_> = functions().iter().map(Function::table_name).collect();
    let rows: BTreeSet<_> = endpoints().iter().map(|row| row.name.to_owned()).collect();
    let missing: Vec<_> = functions.difference(&rows).cloned().collect();
    assert_none(&missing, "add a row to tests/it/support/endpoints.rs for");
    let unknown: Vec<_> = rows.difference(&functions).cloned().collect();
    assert_none(
        &unknown,
        "tests/it/support/endpoints.rs names what is not a public function",
    );
}

#[test]
fn every_function_documents_its_request_with_an_example() {
    let files: Vec<_> = ["src/management", "src/order_management"]
        .iter()
        .flat_map(|folder| fs::read_dir(Path::new(ROOT).join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    let mut missing = Vec::new();
    for function in functions() {
        let is_v1 = function.module.ends_with("::v1");
        let folder = function.module.split("::").next().unwrap();
        let docs = files
            .iter()
            .filter(|path| path.parent().unwrap().ends_with(folder))
            .filter(|path| path.ends_with("v1.rs") == is_v1)
            .find_map(|path| docs_of(&read(path), &function.name))
            .unwrap_or_default();
        let path = function.path();
        let example: String = docs.split("```").skip(1).step_by(2).collect();
        if !example.contains(&format!("{}(", function.name)) {
            missing.push(format!("{path}: an example that calls it"));
        }
        if !docs.contains("](https://developer.vippsmobilepay.com/") {
            missing.push(format!("{path}: a link to the API's own page"));
        }
        let route = function.route().unwrap_or_default();
        // The query may follow.
        if !docs.contains(&format!("`{route}`")) && !docs.contains(&format!("`{route}?")) {
            missing.push(format!("{path}: `{route}`"));
        }
    }
    assert_none(&missing, "add to the documentation of the function in src");
}

/// The documentation directly above a public function, without the comment marks.
fn docs_of(source: &str, name: &str) -> Option<String> {
    let (above, _) = source.split_once(&format!("\npub fn {name}("))?;
    let mut lines: Vec<_> = above
        .lines()
        .rev()
        .take_while(|line| !line.is_empty() && *line != "}")
        .filter_map(|line| line.strip_prefix("///"))
        .map(str::trim)
        .collect();
    lines.reverse();
    Some(lines.join("\n"))
}

/// One example is enough for functions of several types with the same name.
#[test]
fn every_public_function_is_in_an_example() {
    let function = Regex::new(r"(?m)^(\S+): pub (?:const )?fn ([a-z0-9_]+)").unwrap();
    let api = read("tests/api.txt");
    assert!(function.is_match(&api));
    let used = used_in_examples();
    let missing: Vec<_> = function
        .captures_iter(&api)
        .filter(|found| !used.contains(&found[2]))
        .map(|found| format!("{}::{}", &found[1], &found[2]))
        .collect();
    assert_none(&missing, "add to an example in the documentation in src");
}

/// The functions that an example calls, or passes by their path, in lines that a reader sees.
fn used_in_examples() -> BTreeSet<String> {
    let sources = files_below(&Path::new(ROOT).join("src"));
    let sources = sources.iter().flat_map(|path| {
        let source = read(path);
        let lines = source.lines().map(str::trim_start);
        let docs = lines.filter_map(|line| {
            let is_markdown = path.extension().is_some_and(|end| end == "md");
            let text = line.strip_prefix("///").or(line.strip_prefix("//!"));
            text.or(is_markdown.then_some(line)).map(str::to_owned)
        });
        docs.collect::<Vec<_>>()
    });
    let readme = read("README.md");
    let lines = sources.chain(readme.lines().map(str::to_owned));

    let mut code = String::new();
    // The language of the current block.
    let mut block = None;
    for line in lines {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            block = match block {
                None => Some(language.to_owned()),
                Some(_) => None,
            };
            continue;
        }
        let is_rust = matches!(
            block.as_deref(),
            Some("" | "no_run" | "rust" | "rust,no_run")
        );
        if is_rust && line != "#" && !line.starts_with("# ") {
            // Without a comment, but with URLs.
            code.push_str(line.split("// ").next().unwrap());
            code.push('\n');
        }
    }
    assert!(block.is_none(), "a block is not closed");
    let import = Regex::new(r"\buse [^;]+;").unwrap();
    let code = import.replace_all(&code, "");
    let call = Regex::new(r"(\bfn )?\b([a-z0-9_]+)(?:::<[^()]+>)?\(").unwrap();
    let path = Regex::new(r"::([a-z0-9_]+)\s*[,)]").unwrap();
    let calls = call.captures_iter(&code);
    // An example may define a function with the same name.
    let calls = calls.filter(|found| found.get(1).is_none());
    let calls = calls.map(|found| found[2].to_owned());
    let paths = path.captures_iter(&code).map(|found| found[1].to_owned());
    calls.chain(paths).collect()
}

/// Either the docs of a module have no table of its functions, or it lists all of them.
#[test]
fn a_table_in_a_modules_documentation_is_complete() {
    let mut missing = Vec::new();
    for function in functions() {
        let file = format!("src/{}.rs", function.module.replace("::", "/"));
        let source = read(&file);
        let lines = source.lines().filter(|line| line.starts_with("//! | ["));
        let table: String = lines.collect();
        if !table.is_empty() && !table.contains(&format!("[`{}`]", function.name)) {
            missing.push(format!("{file}: {}", function.name));
        }
    }
    assert_none(&missing, "add a row to the table in the module's docs");
}

#[test]
fn the_sandbox_has_the_endpoints_of_the_tests_table() {
    let row = Regex::new(r#"endpoint\(\s*"([A-Z]+)",\s*"([^"]+)""#).unwrap();
    let source = read("src/sandbox/endpoints.rs");
    let served: BTreeSet<_> = row
        .captures_iter(&source)
        .map(|found| format!("{} {}", &found[1], &found[2]))
        .collect();
    let tested = routes();
    let missing: Vec<_> = tested.difference(&served).cloned().collect();
    assert_none(&missing, "add a row to src/sandbox/endpoints.rs for");
    let untested: Vec<_> = served.difference(&tested).cloned().collect();
    assert_none(
        &untested,
        "the sandbox serves what no function requests; add a function, or a row to \
         tests/it/support/endpoints.rs, for",
    );
}

/// The routes of the tests' table, without their queries.
fn routes() -> BTreeSet<String> {
    endpoints()
        .iter()
        .chain(&token_endpoints())
        .filter_map(|row| row.route.split('?').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_route_is_in_the_apis_specifications() {
    let mut specified = BTreeSet::new();
    for (file, prefix) in [
        ("management", ""),
        ("order-management", "/order-management"),
        ("access-token", ""),
    ] {
        let yaml = read(format!("tests/it/sandbox/descriptions/{file}.yaml"));
        let description: Value = serde_norway::from_str(&yaml).unwrap();
        for (path, item) in description["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().keys();
            specified
                .extend(methods.map(|method| format!("{} {prefix}{path}", method.to_uppercase())));
        }
    }
    let missing: Vec<_> = routes().difference(&specified).cloned().collect();
    assert_none(
        &missing,
        "copy from the API's specification to tests/it/sandbox/descriptions",
    );
}

#[test]
fn readme_lists_every_function_with_its_request() {
    let functions = functions();
    // Those of version 1 are deprecated, and no more come.
    let current = functions
        .iter()
        .filter(|function| !function.module.ends_with("::v1"));
    let readme = read("README.md");
    let name =
        Regex::new(r"\[`([a-z0-9_]+)`\]\(https://docs\.rs/vipps/latest/vipps/([^)]*)\)").unwrap();
    let mut missing = Vec::new();
    for function in current {
        let mut prefix = "";
        let mut is_listed = false;
        for line in readme.lines() {
            // The request's column of a heading: `/management`.
            if let Some((_, rest)) = line.split_once("under `") {
                prefix = rest.split('`').next().unwrap();
            }
            let Some((names, requests)) = line
                .strip_prefix("| ")
                .and_then(|row| row.split_once(" | "))
            else {
                continue;
            };
            let found = name
                .captures_iter(names)
                .find(|found| found[1] == *function.name);
            let Some(found) = found else { continue };
            let page = format!("{}/fn.{}.html", function.module, function.name);
            assert_eq!(found[2], page, "README.md: the URL of `{}`", function.name);
            let route = function.route().unwrap_or_default();
            is_listed |= requests.split('`').any(|request| {
                let route_of = |(method, path)| format!("{method} {prefix}{path}") == route;
                request.split_once(' ').is_some_and(route_of)
            });
        }
        if !is_listed {
            let route = function.route().unwrap_or("(its request)");
            missing.push(format!("{}: {route}", function.path()));
        }
    }
    assert_none(
        &missing,
        "add to the endpoint table of README.md, with a link to docs.rs and the request",
    );
}

#[test]
fn the_changelog_names_every_function() {
    let changelog = read("CHANGELOG.md");
    let missing: Vec<_> = functions()
        .iter()
        .filter(|function| !function.module.ends_with("::v1"))
        .filter(|function| !changelog.contains(&format!("`{}`", function.name)))
        .map(Function::path)
        .collect();
    assert_none(&missing, "add to CHANGELOG.md, under Unreleased");
}
