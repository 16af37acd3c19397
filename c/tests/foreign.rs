//! The examples in other languages. Skipped where a dependency is missing.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use vipps::sandbox::Sandbox;

use crate::tests::support::{
    Scratch, WARNINGS, command, ended, libraries, root, scratch, shared_library, succeed,
};

const SHOWN: &str = "123456 ACME Fitness\n654321 ACME Web Shop\n10012345 ACME Sauna\n\
    NotFound 404 answered /management/v1/sales-units/999999\n";

#[test]
fn the_cpp_example_runs() {
    let program = compile_cpp(&root().join("examples/sales_units.cpp"), "sales-units-cpp");
    let sandbox = Sandbox::start().unwrap();
    let output = ended(&mut command(&program, &sandbox, &[]), 0);
    let shown = String::from_utf8(output.stdout).unwrap();
    let mut lines = shown.lines();
    let expected = [
        "POST /accesstoken/get 200",
        "GET /management/v1/sales-units 200",
    ];
    assert_eq!(lines.by_ref().take(2).collect::<Vec<_>>(), expected);
    assert!(lines.next().unwrap().starts_with("[{\"msn\":\"123456\""));
    let rest = [
        "GET /management/v1/sales-units/123456 200",
        "200 application/json;charset=UTF-8",
        "GET /management/v1/sales-units/{msn} 404",
        "GET /management/v1/sales-units/999999: 404 Not Found: There is no such sales unit, or it \
         is not active [trace 0af7651916cd43dd8448eb211c80319c]",
    ];
    assert_eq!(lines.by_ref().take(4).collect::<Vec<_>>(), rest);
    let error: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(
        (&error["status"], &error["kind"]),
        (&json!(6), &json!("NotFound"))
    );
    assert_eq!(lines.next(), None);
}

#[test]
fn the_python_example_runs() {
    if !has("python3", &["-c", "import cffi"]) {
        println!("skipped: cffi is not installed");
        return;
    }
    let header = root().join("include/vipps.h");
    let program = root().join("examples/sales_units.py");
    assert_shown("python3", &[program, header, shared_library()]);
}

/// Needs `NODE_PATH` unless Node finds koffi by itself.
#[test]
fn the_node_example_runs() {
    if !has("node", &["-e", "require('koffi')"]) {
        println!("skipped: koffi is not installed");
        return;
    }
    let program = root().join("examples/sales_units.js");
    assert_shown("node", &[program, shared_library()]);
}

fn has(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// Ignores `VIPPS_C_RUNNER`, which would check the interpreter.
#[track_caller]
fn assert_shown(interpreter: &str, arguments: &[PathBuf]) {
    let sandbox = Sandbox::start().unwrap();
    let mut program = Command::new(interpreter);
    program.args(arguments);
    for (name, value) in command(root(), &sandbox, &[]).get_envs() {
        match value {
            Some(value) => program.env(name, value),
            None => program.env_remove(name),
        };
    }
    let output = ended(&mut program, 0);
    assert_eq!(String::from_utf8_lossy(&output.stdout), SHOWN);
}

fn compile_cpp(source: &std::path::Path, name: &str) -> Scratch {
    let program = scratch(name);
    let mut cpp = Command::new("c++");
    cpp.arg("-std=c++17").args(&WARNINGS[1..]).arg("-g");
    cpp.arg("-I").arg(root().join("include")).arg(source);
    cpp.arg("-L").arg(libraries()).arg("-lvipps_capi");
    cpp.arg(format!("-Wl,-rpath,{}", libraries().display()));
    cpp.arg("-o").arg(&*program);
    succeed(&mut cpp);
    program
}
