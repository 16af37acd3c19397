//! Compiles and runs the programs of this package.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use vipps::sandbox::Sandbox;

pub(crate) const HEADER: &str = include_str!("../include/vipps.h");

/// The compiler options for all programs.
pub(crate) const WARNINGS: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// The directory of both libraries, built from the current source without the sandbox, as users
/// have them.
pub(crate) fn libraries() -> &'static Path {
    static LIBRARIES: OnceLock<PathBuf> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        let profile = profile();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root());
        // Cargo's variables for this package would rerun the build scripts of others.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_MANIFEST_")
                || text == "OUT_DIR"
            {
                cargo.env_remove(name);
            }
        }
        cargo.args(["build", "--quiet", "--no-default-features", "--target-dir"]);
        // target/debug, or target/i686-unknown-linux-gnu/debug.
        let folder = profile.parent().unwrap();
        match folder.file_name().unwrap().to_str().unwrap() {
            triple if triple.matches('-').count() >= 2 => cargo
                .arg(folder.parent().unwrap())
                .args(["--target", triple]),
            _ => cargo.arg(folder),
        };
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        for (feature, is_on) in [
            ("rustls", cfg!(feature = "rustls")),
            ("platform-verifier", cfg!(feature = "platform-verifier")),
            ("native-tls", cfg!(feature = "native-tls")),
            ("gzip", cfg!(feature = "gzip")),
        ] {
            if is_on {
                cargo.args(["--features", feature]);
            }
        }
        assert!(cargo.status().unwrap().success(), "{cargo:?}");
        profile
    })
}

pub(crate) fn shared_library() -> PathBuf {
    let prefix = std::env::consts::DLL_PREFIX;
    libraries().join(format!(
        "{prefix}vipps_capi{}",
        std::env::consts::DLL_SUFFIX
    ))
}

pub(crate) fn static_library() -> PathBuf {
    libraries().join("libvipps_capi.a")
}

/// The directory of the package.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The directory of Cargo's output, such as target/debug.
fn profile() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/vipps_capi-0123456789abcdef
    test.ancestors().nth(2).unwrap().to_owned()
}

/// The directory for files of the tests.
pub(crate) fn folder() -> PathBuf {
    let folder = profile().join("c-tests");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A temporary file, removed on drop. Named by process, as several runs may share a directory.
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
        // The file may not exist.
        drop(std::fs::remove_file(&self.0));
    }
}

/// Compiles a program and links it to the shared library.
#[track_caller]
pub(crate) fn compile(source: &Path, name: &str) -> Scratch {
    let rpath = format!("-Wl,-rpath,{}", libraries().display());
    compile_with(source, name, &["-lvipps_capi", "-lpthread", &rpath])
}

/// Compiles a program that also uses `dlopen`.
#[track_caller]
pub(crate) fn compile_host(source: &Path, name: &str) -> Scratch {
    let rpath = format!("-Wl,-rpath,{}", libraries().display());
    let arguments = ["-lvipps_capi", "-lpthread", "-ldl", &rpath];
    compile_with(source, name, &arguments)
}

/// Compiles a program and links it to the static library.
#[track_caller]
pub(crate) fn compile_static(source: &Path, name: &str) -> Scratch {
    let library = static_library();
    let needs = match cfg!(target_os = "macos") {
        true => "-liconv -lSystem -lc -lm",
        false => "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc",
    };
    let mut arguments = vec![library.to_str().unwrap()];
    arguments.extend(needs.split(' '));
    if cfg!(feature = "native-tls") && cfg!(target_os = "linux") {
        arguments.extend(["-lssl", "-lcrypto"]);
    }
    compile_with(source, name, &arguments)
}

#[track_caller]
fn compile_with(source: &Path, name: &str, arguments: &[&str]) -> Scratch {
    let program = scratch(name);
    let mut cc = Command::new("cc");
    cc.args(WARNINGS).arg("-g");
    cc.arg("-I").arg(root().join("include"));
    cc.arg(source).arg("-L").arg(libraries()).args(arguments);
    cc.arg("-o").arg(&*program);
    succeed(&mut cc);
    program
}

/// Runs a command that must succeed without output on stderr.
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

/// Runs a program that must exit with `code`.
#[track_caller]
pub(crate) fn run(program: &Path, sandbox: &Sandbox, arguments: &[&str], code: i32) -> Output {
    ended(&mut command(program, sandbox, arguments), code)
}

/// Runs a command that must exit with `code`. `VIPPS_C_RUNNER` reports errors by another code.
#[track_caller]
pub(crate) fn ended(command: &mut Command, code: i32) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command:?}: {said}");
    output
}

/// A command for a program, with the environment variables of a sandbox and no other `VIPPS_*`.
/// Uses `VIPPS_C_RUNNER`.
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
    // A proxy that does not exist: no program may use it.
    command.env("ALL_PROXY", "http://127.0.0.1:1");
    command.env("NO_PROXY", "127.0.0.1");
    command.env("VIPPS_BASE_URL", sandbox.url());
    command.env("VIPPS_CLIENT_ID", "sandbox-client-id");
    command.env("VIPPS_CLIENT_SECRET", "sandbox-client-secret");
    command.env("VIPPS_SUBSCRIPTION_KEY", "sandbox-key-1");
    command.current_dir(root()).args(arguments);
    command
}

/// A function of the header, with its parameters as type and name.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) returns: &'static str,
    pub(crate) name: &'static str,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Function {
    pub(crate) fn is_free(&self) -> bool {
        self.name.ends_with("_free")
    }
}

/// The functions of the header, in its order.
pub(crate) fn functions() -> Vec<Function> {
    let (_, functions) = HEADER.split_once("extern \"C\" {\n").unwrap();
    functions
        .split(" */\n")
        .skip(1)
        .filter_map(function)
        .collect()
}

/// The function that follows a comment, if any.
fn function(text: &'static str) -> Option<Function> {
    let (declaration, _) = text.split_once(';')?;
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
        returns: head[..at].trim(),
        name: &head[at..],
        parameters: parameters.collect(),
    })
}

/// The settings of a session for a sandbox, as JSON.
pub(crate) fn config(sandbox: &Sandbox) -> String {
    let config = serde_json::json!({
        "client_id": "sandbox-client-id",
        "client_secret": "sandbox-client-secret",
        "subscription_key": "sandbox-key-1",
        "system": {"name": "acme", "version": "3.1.2"},
        "merchant_serial_number": "123456",
        "base_url": sandbox.url(),
    });
    config.to_string()
}
