//! Compiling and running what stands in `examples/c`.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use vipps::sandbox::Sandbox;

#[path = "../../../tests/example_build.rs"]
mod example_build;

pub(crate) const HEADER: &str = include_str!("../vipps.h");

/// Strict, for every program here.
pub(crate) const WARNINGS: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// The folder with both libraries, built from what is here now.
pub(crate) fn libraries() -> &'static Path {
    static LIBRARIES: OnceLock<PathBuf> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        let shared = format!(
            "{}vipps_c{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        let library = example_build::fresh("vipps_c", &shared);
        library.parent().unwrap().to_owned()
    })
}

pub(crate) fn shared_library() -> PathBuf {
    let prefix = std::env::consts::DLL_PREFIX;
    libraries().join(format!("{prefix}vipps_c{}", std::env::consts::DLL_SUFFIX))
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A place for the files of tests.
pub(crate) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file of one test of one run, which goes with it: another run may be going on, and a program with all of the library in it is large.
pub(crate) struct Scratch(PathBuf);

pub(crate) fn scratch(name: &str) -> Scratch {
    Scratch(folder().join(format!("{}-{name}", std::process::id())))
}

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been made.
        drop(std::fs::remove_file(&self.0));
    }
}

/// Compiles a program of this folder with the shared library.
#[track_caller]
pub(crate) fn compile(source: &Path, name: &str) -> Scratch {
    let program = scratch(name);
    let mut cc = Command::new("cc");
    cc.args(WARNINGS).arg("-g");
    cc.arg("-I").arg(root().join("examples/c"));
    cc.arg(source).arg("-L").arg(libraries());
    cc.args(["-lvipps_c", "-lpthread"]);
    cc.arg(format!("-Wl,-rpath,{}", libraries().display()));
    cc.arg("-o").arg(&*program);
    succeed(&mut cc);
    program
}

/// Has a tool do its work without a word.
#[track_caller]
pub(crate) fn succeed(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{command:?}: {said}"
    );
}

/// Runs a program that has to end with this code.
#[track_caller]
pub(crate) fn run(program: &Path, sandbox: &Sandbox, arguments: &[&str], code: i32) -> Output {
    ended(&mut command(program, sandbox, arguments), code)
}

/// Runs what has to end with this code; with another one where `VIPPS_C_RUNNER` found something.
#[track_caller]
pub(crate) fn ended(command: &mut Command, code: i32) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command:?}: {said}");
    output
}

/// A program with a sandbox's variables and no other `VIPPS_*` in its environment, run by what `VIPPS_C_RUNNER` says.
pub(crate) fn command(program: &Path, sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let runner = std::env::var("VIPPS_C_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    let mut command = match words.next() {
        Some(runner) => {
            let mut command = Command::new(runner);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    };
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("VIPPS_") || text.to_ascii_uppercase().ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    // Nobody listens there; it is to be used by nobody.
    command.env("ALL_PROXY", "http://127.0.0.1:1");
    command.env("NO_PROXY", "127.0.0.1");
    command.env("VIPPS_BASE_URL", sandbox.url());
    command.env("VIPPS_CLIENT_ID", "sandbox-client-id");
    command.env("VIPPS_CLIENT_SECRET", "sandbox-client-secret");
    command.env("VIPPS_SUBSCRIPTION_KEY", "sandbox-key-1");
    command.current_dir(root()).args(arguments);
    command
}

/// A function of the header: its name, what it returns, and its parameters as type and name.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) comment: &'static str,
    pub(crate) returns: &'static str,
    pub(crate) name: &'static str,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Function {
    pub(crate) fn is_free(&self) -> bool {
        self.name.ends_with("_free")
    }
}

/// The header's functions, in its order.
pub(crate) fn functions() -> Vec<Function> {
    HEADER.split("/**\n").skip(1).filter_map(function).collect()
}

/// A comment with what follows it, if that is a function.
fn function(text: &'static str) -> Option<Function> {
    let (comment, rest) = text.split_once(" */\n")?;
    let (declaration, _) = rest.split_once(';')?;
    if declaration.starts_with("typedef") || declaration.starts_with('#') {
        return None;
    }
    let (head, parameters) = declaration.split_once('(')?;
    let at = head.rfind(|c: char| !c.is_alphanumeric() && c != '_')? + 1;
    let parameters = parameters.strip_suffix(')')?;
    let parameters = parameters
        .split(',')
        .map(str::trim)
        .filter(|p| *p != "void");
    let parameters = parameters.map(|parameter| {
        let at = parameter.rfind([' ', '*']).unwrap() + 1;
        (
            parameter[..at].trim().to_owned(),
            parameter[at..].to_owned(),
        )
    });
    Some(Function {
        comment,
        returns: head[..at].trim(),
        name: &head[at..],
        parameters: parameters.collect(),
    })
}

/// The settings of a session with a sandbox, as JSON.
pub(crate) fn config(sandbox: &Sandbox) -> String {
    let config = serde_json::json!({
        "clientId": "sandbox-client-id",
        "clientSecret": "sandbox-client-secret",
        "subscriptionKey": "sandbox-key-1",
        "systemName": "acme",
        "systemVersion": "3.1.2",
        "merchantSerialNumber": "123456",
        "baseUrl": sandbox.url(),
    });
    config.to_string()
}
