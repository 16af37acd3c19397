//! The header against the library, the crate, and two compilers.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::process::Command;

use vipps::{Delivery, ErrorKind};

use crate::session::vipps_version;
use crate::tests::support::{HEADER, WARNINGS, functions, root, scratch, shared_library, succeed};
use crate::{builder, error};

#[test]
fn the_header_declares_what_the_library_exports() {
    // Undecorated on Linux, with an underscore before it on macOS.
    let nm = match cfg!(target_os = "macos") {
        true => ["-gU", "-P"],
        false => ["-D", "--defined-only"],
    };
    let output = Command::new("nm")
        .args(nm)
        .arg(shared_library())
        .output()
        .unwrap();
    assert!(output.status.success());
    let listing = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<&str> = listing
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.contains("vipps_")))
        .map(|symbol| symbol.trim_start_matches('_'))
        .collect();
    // Nothing else gets out: no symbol of Rust's.
    assert_eq!(exported.len(), listing.lines().count(), "{listing}");
    let declared: BTreeSet<&str> = functions().iter().map(|function| function.name).collect();
    assert_eq!(exported, declared);
    assert_eq!(declared.len(), 80);
}

#[test]
fn every_function_says_who_owns_what_and_what_threads_may_do() {
    for function in functions() {
        let name = function.name;
        assert!(function.comment.contains("\n * Owner: "), "{name}");
        assert!(function.comment.contains("\n * Threads: "), "{name}");
        // What cannot fail says so by its type.
        let returns = match name {
            "vipps_version" => "const char *",
            _ if function.is_free() => "void",
            _ => "vipps_status",
        };
        assert_eq!(function.returns, returns, "{name}");
        // Outputs come last, and what is freed is named.
        let names = function.parameters.iter().map(|(_, name)| name.as_str());
        let names: Vec<&str> = names.collect();
        let is_output = |name: &&str| name.starts_with("out_") || *name == "error";
        if !name.starts_with("vipps_error_") {
            let first = names.iter().position(is_output);
            let outputs = &names[first.unwrap_or(names.len())..];
            assert!(outputs.iter().all(is_output), "{name}: {names:?}");
        }
        for (kind, argument) in &function.parameters {
            if kind.ends_with("**") && !kind.starts_with("const char") {
                let owner = format!("*{argument} with vipps_");
                let comment = function.comment.replace("\n * ", " ");
                assert!(comment.contains(&owner), "{name}: {argument}");
            }
        }
    }
}

#[test]
fn the_statuses_are_the_crates_kinds() {
    // All that the crate has, from where they are written down.
    let source = include_str!("../../src/error/kind.rs");
    let kinds = source.split_once("pub enum ErrorKind {").unwrap().1;
    let kinds = kinds.split_once("\n}").unwrap().0;
    let mut expected = vec![("VIPPS_OK".to_owned(), 0)];
    for line in kinds
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("///"))
    {
        if let Some((name, number)) = line.trim_end_matches(',').split_once(" = ") {
            expected.push((c_name(name), number.parse().unwrap()));
        }
    }
    assert_eq!(expected.len(), 19);
    expected.push(("VIPPS_NULL_ARGUMENT".to_owned(), -1));
    expected.push(("VIPPS_INVALID_UTF8".to_owned(), -2));
    expected.push(("VIPPS_PANIC".to_owned(), -3));
    expected.push(("VIPPS_STATUS_WIDTH".to_owned(), 0x7fff_ffff));
    assert_eq!(constants("vipps_status"), expected);
    assert_eq!(ErrorKind::Proxy as i32, 18);
}

/// What the numbers mean is shown by the tests of errors and of settings.
#[test]
fn the_other_constants_are_those_that_the_library_reads_and_writes() {
    let of = |delivery| i64::from(error::number(delivery));
    for (name, expected) in [
        (
            "delivery",
            [
                ("NOT_SENT", of(Delivery::NotSent)),
                ("DELIVERY_UNKNOWN", of(Delivery::Unknown)),
                ("ANSWERED", of(Delivery::Answered)),
            ]
            .as_slice(),
        ),
        (
            "environment",
            &[
                ("PRODUCTION", builder::PRODUCTION.into()),
                ("TEST", builder::TEST.into()),
            ],
        ),
        (
            "tls_backend",
            &[
                ("RUSTLS", builder::RUSTLS.into()),
                ("NATIVE_TLS", builder::NATIVE_TLS.into()),
            ],
        ),
    ] {
        let width = format!("{}_WIDTH", name.to_uppercase());
        let mut expected = expected.to_vec();
        expected.push((&width, 0x7fff_ffff));
        let expected = expected.into_iter();
        let expected = expected.map(|(name, number)| (format!("VIPPS_{name}"), number));
        let found = constants(&format!("vipps_{name}"));
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
    assert_eq!(HEADER.matches("typedef enum").count(), 4);
}

/// The names and numbers of an enum of the header.
fn constants(name: &str) -> Vec<(String, i64)> {
    let start = format!("typedef enum {name} {{");
    let constants = HEADER.split_once(&start).unwrap().1;
    let constants = constants.split_once('}').unwrap().0;
    let mut found = Vec::new();
    for line in constants.lines().map(str::trim) {
        if let Some((name, number)) = line.split_once(" = ") {
            let number = number.trim_end_matches(',');
            let number = match number.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(hex, 16),
                None => number.parse(),
            };
            found.push((name.to_owned(), number.unwrap()));
        }
    }
    found
}

/// Numbers of one type that change places are no error of any compiler.
#[test]
fn the_setters_arguments_have_the_names_and_the_order_of_the_header() {
    let source = include_str!("../src/builder.rs");
    let mut setters = 0;
    for function in functions() {
        let names = function.parameters.iter().map(|(_, name)| name.as_str());
        let names: Vec<&str> = names.collect();
        let start = format!("fn {}(", function.name);
        let definition = source.split_once(&start);
        let ["builder", arguments @ .., "error"] = names.as_slice() else {
            continue;
        };
        let (_, definition) = definition.unwrap();
        let definition = definition.split_once(')').unwrap().0;
        let defined = definition
            .split(',')
            .filter_map(|argument| argument.split_once(':'))
            .map(|(name, _)| name.trim())
            .filter(|name| !["builder", "error"].contains(name));
        assert_eq!(defined.collect::<Vec<_>>(), arguments, "{}", function.name);
        setters += 1;
    }
    assert_eq!(setters, 17);
}

/// `InvalidInput` as the header has it, `VIPPS_INVALID_INPUT`.
fn c_name(kind: &str) -> String {
    let mut name = "VIPPS".to_owned();
    for c in kind.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[test]
fn the_header_has_the_version_of_the_package() {
    let version = env!("CARGO_PKG_VERSION");
    let definition = format!("\n#define VIPPS_VERSION \"{version}\"\n");
    assert!(HEADER.contains(&definition));
    // SAFETY: it is said to be a text that is never freed.
    let of_library = unsafe { CStr::from_ptr(vipps_version()) };
    assert_eq!(of_library.to_str().unwrap(), version);
}

#[test]
fn the_header_alone_is_c99_and_cpp17() {
    // Twice: it may be included by two others.
    let text = "#include \"vipps.h\"\n#include \"vipps.h\"\nint main(void) { return VIPPS_OK; }\n";
    for (compiler, name, standard) in [
        ("cc", "alone.c", "-std=c99"),
        ("c++", "alone.cpp", "-std=c++17"),
    ] {
        let source = scratch(name);
        std::fs::write(&*source, text).unwrap();
        let mut compiler = Command::new(compiler);
        compiler
            .arg(standard)
            .args(&WARNINGS[1..])
            .arg("-fsyntax-only");
        compiler.arg("-I").arg(root().join("include")).arg(&*source);
        succeed(&mut compiler);
    }
}
