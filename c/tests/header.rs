//! Checks the header against the source, the libraries, the crate and two compilers.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::path::PathBuf;
use std::process::Command;

use crate::error::vipps_status;
use crate::session::vipps_version;
use crate::tests::support::{
    HEADER, WARNINGS, functions, root, scratch, shared_library, static_library, succeed,
};

/// The part of the header above the declarations.
const PREAMBLE: &str = include_str!("preamble.txt");

/// The source files, in the order of the header.
const SOURCES: [&str; 8] = [
    "session",
    "string",
    "error",
    "observer",
    "endpoints",
    "request",
    "receipts",
    "json",
];

/// Writes the header instead of comparing it if `VIPPS_WRITE_HEADER` is set.
#[test]
fn the_header_is_made_of_the_source() {
    let mut config = cbindgen::Config::default();
    let [major, minor, patch] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    let number = |text: &str| text.parse::<u32>().unwrap();
    let version_number = number(major) * 10_000 + number(minor) * 100 + number(patch);
    let preamble = PREAMBLE
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@MAJOR@", major)
        .replace("@MINOR@", minor)
        .replace("@PATCH@", patch)
        .replace("@NUMBER@", &version_number.to_string());
    config.language = cbindgen::Language::C;
    config.cpp_compat = true;
    config.no_includes = true;
    config.header = Some(preamble.trim_end().to_owned());
    config.trailer = Some("#endif /* VIPPS_H */".to_owned());
    config.documentation_style = cbindgen::DocumentationStyle::Doxy;
    config.line_length = 100;
    config.tab_width = 4;
    config.style = cbindgen::Style::Type;
    config.usize_is_size_t = true;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(root().join("src").join(format!("{source}.rs")));
    }
    let mut made = Vec::new();
    builder.generate().unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();
    let path: PathBuf = root().join("include/vipps.h");
    if std::env::var_os("VIPPS_WRITE_HEADER").is_some() {
        std::fs::write(&path, &made).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        made == committed,
        "the header is out of date: run VIPPS_WRITE_HEADER=1 cargo test -p vipps-capi made_of"
    );
}

#[test]
fn the_header_declares_what_the_library_exports() {
    // macOS prefixes symbols with an underscore.
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
    // No other symbols are exported, such as Rust's.
    assert_eq!(exported.len(), listing.lines().count(), "{listing}");
    let declared: BTreeSet<&str> = functions().iter().map(|function| function.name).collect();
    assert_eq!(exported, declared);
    let sources = std::fs::read_dir(root().join("src")).unwrap();
    let defined = sources.map(|source| {
        let source = std::fs::read_to_string(source.unwrap().path()).unwrap();
        source.matches("\n#[unsafe(no_mangle)]\n").count()
    });
    assert_eq!(declared.len(), defined.sum::<usize>());
}

/// The sandbox is only for the tests of this package.
#[test]
fn the_libraries_have_no_sandbox() {
    for library in [shared_library(), static_library()] {
        let bytes = std::fs::read(&library).unwrap();
        let needle = b"sandbox-client-secret";
        let found = bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!found, "{}", library.display());
    }
}

#[test]
fn functions_follow_the_conventions() {
    for function in functions() {
        let name = function.name;
        // Functions that cannot fail do not return a status.
        let returns = match name {
            "vipps_version" => "const char *",
            _ if function.is_free() => "void",
            _ => "vipps_status",
        };
        assert_eq!(function.returns, returns, "{name}");
        // Outputs come last.
        let names = function.parameters.iter().map(|(_, name)| name.as_str());
        let names: Vec<&str> = names.collect();
        let is_output = |name: &&str| name.starts_with("out_") || *name == "error";
        if !name.starts_with("vipps_error_") {
            let first = names.iter().position(is_output);
            let outputs = &names[first.unwrap_or(names.len())..];
            assert!(outputs.iter().all(is_output), "{name}: {names:?}");
        }
    }
}

#[test]
fn every_error_kind_has_a_status() {
    // Read from the source, so that no kind is missed.
    let source = include_str!("../../src/error/kind.rs");
    let kinds = source.split_once("pub enum ErrorKind {").unwrap().1;
    let kinds = kinds.split_once("\n}").unwrap().0;
    let kinds = kinds.lines().map(str::trim);
    let kinds = kinds.filter(|line| !line.starts_with("///"));
    let kinds: Vec<(&str, &str)> = kinds.filter_map(|line| line.split_once(" = ")).collect();
    assert_eq!(kinds.len(), 18);
    let library = include_str!("../src/error.rs");
    for (kind, number) in kinds {
        // From `InvalidInput` to `VIPPS_INVALID_INPUT`.
        let mut name = "VIPPS".to_owned();
        for c in kind.chars() {
            if c.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(c.to_ascii_uppercase());
        }
        let declared = format!("    {name} = {number}\n");
        assert!(library.contains(&declared), "{declared}");
        let mapped = format!("ErrorKind::{kind} => vipps_status::{name},\n");
        assert!(library.contains(&mapped), "{mapped}");
    }
    assert_eq!(vipps_status::VIPPS_PANIC as i32, -3);
}

#[test]
fn the_header_has_the_version_of_the_package() {
    let version = env!("CARGO_PKG_VERSION");
    let definition = format!("\n#define VIPPS_VERSION \"{version}\"\n");
    assert!(HEADER.contains(&definition));
    // SAFETY: the string is never freed.
    let of_library = unsafe { CStr::from_ptr(vipps_version()) };
    assert_eq!(of_library.to_str().unwrap(), version);
    // The crate has the same version.
    let manifest = include_str!("../../Cargo.toml");
    assert!(manifest.contains(&format!("\nname = \"vipps\"\nversion = \"{version}\"\n")));
}

#[test]
fn the_header_compiles_as_c99_and_cpp17() {
    // Includes the header twice, and checks that a complete switch gives no warning.
    let text = "#include \"vipps.h\"\n#include \"vipps.h\"\n\
        int name(vipps_delivery delivery);\n\
        int name(vipps_delivery delivery)\n{\n    switch (delivery) {\n    case VIPPS_NOT_SENT:\n\
        \x20   case VIPPS_DELIVERY_UNKNOWN:\n    case VIPPS_ANSWERED:\n        return 1;\n    }\n\
        \x20   return 0;\n}\n\
        int main(void) { return VIPPS_OK; }\n";
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
            .args(["-Wswitch", "-fsyntax-only"]);
        compiler.arg("-I").arg(root().join("include")).arg(&*source);
        succeed(&mut compiler);
    }
}
