//! Size, crates, build time, peak memory and run time of one program per client.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs, process};

use vipps_compare::Result;

use crate::table::Table;
use crate::{ROUNDS, median, server};

/// The feature of each program, which is also its name after `get-`, and its name in the tables.
const PROGRAMS: [(&str, &str); 5] = [
    ("reqwest", "reqwest, aws-lc-rs"),
    ("reqwest-ring", "reqwest, ring"),
    ("curl", "curl"),
    ("ureq", "ureq by hand"),
    ("vipps", "vipps"),
];

struct Program {
    feature: &'static str,
    title: String,
    path: PathBuf,
    bytes: f64,
    crates: usize,
    build_seconds: f64,
    peak_bytes: Vec<f64>,
    milliseconds: Vec<f64>,
}

/// Prints the tables.
pub fn compare() -> Result<()> {
    let directory =
        TemporaryDirectory(env::temp_dir().join(format!("vipps-compare-{}", process::id())));
    cargo(&["fetch", "--locked"])?;
    eprintln!("building `measure`");
    let (measure, _) = build("measure", "measure", &directory.0)?;
    let mut programs = Vec::new();
    for (feature, title) in PROGRAMS {
        eprintln!("building `get-{feature}` from scratch");
        programs.push(Program::build(feature, title, &directory.0)?);
    }

    let url = server::start()?;
    let mut nothing = Vec::new();
    for round in 0..=ROUNDS {
        let (least, _) = run(&measure, &[measure.as_os_str()])?;
        nothing.push(least);
        for program in &mut programs {
            let (bytes, milliseconds) = run(&measure, &[program.path.as_os_str(), url.as_ref()])?;
            // The first run reads the program from disk.
            if round > 0 {
                program.peak_bytes.push(bytes);
                program.milliseconds.push(milliseconds);
            }
        }
    }
    print(&programs, median(nothing))
}

fn print(programs: &[Program], nothing: f64) -> Result<()> {
    println!(
        "A program that fetches a token and gets one sales unit, over loopback. Built with \
         opt-level \"z\", fat LTO, one codegen unit, panic \"abort\", stripped. Memory and time \
         are medians of {ROUNDS} runs, the programs in turn."
    );
    println!();
    let mut table = Table::new(&[
        "",
        "size KiB",
        "crates",
        "cold build s",
        "peak memory KiB",
        "start to exit ms",
    ]);
    for program in programs {
        table.row(vec![
            program.title.clone(),
            format!("{:.0}", program.bytes / 1024.0),
            program.crates.to_string(),
            format!("{:.1}", program.build_seconds),
            format!("{:.0}", program.peak()),
            format!("{:.2}", median(program.milliseconds.clone())),
        ]);
    }
    table.print();
    println!();
    println!(
        "Baseline: a program that does nothing peaks at {:.0} KiB.",
        nothing / 1024.0
    );
    for program in programs {
        let libraries = shared_libraries(&program.path);
        if !libraries.is_empty() {
            let (title, list) = (&program.title, libraries.join(", "));
            println!(
                "The size of {title} does not include the system's {list}, which it links \
                 dynamically."
            );
        }
    }
    println!();

    let find = |feature| {
        let found = programs.iter().find(|program| program.feature == feature);
        found.ok_or("no such program")
    };
    let (vipps, floor) = (find("vipps")?, find("ureq")?);
    let (reqwest, lean) = (find("reqwest")?, find("reqwest-ring")?);
    let ratio = |title, part: f64, whole: f64, most: f64| (title, part / whole, most);
    let crates = |program: &Program| program.crates as f64;
    let ratios = [
        ratio("size, vipps / ureq by hand", vipps.bytes, floor.bytes, 1.05),
        ratio(
            "peak memory, vipps / ureq by hand",
            vipps.peak(),
            floor.peak(),
            1.05,
        ),
        ratio(
            "size, vipps / reqwest, aws-lc-rs",
            vipps.bytes,
            reqwest.bytes,
            0.65,
        ),
        ratio("size, vipps / reqwest, ring", vipps.bytes, lean.bytes, 0.65),
        ratio(
            "crates, vipps / reqwest, aws-lc-rs",
            crates(vipps),
            crates(reqwest),
            0.5,
        ),
        ratio(
            "crates, vipps / reqwest, ring",
            crates(vipps),
            crates(lean),
            0.5,
        ),
    ];
    let mut table = Table::new(&["", "ratio", "at most", ""]);
    for (title, ratio, most) in ratios {
        let verdict = if ratio <= most { "ok" } else { "MISSED" };
        table.row(vec![
            title.to_owned(),
            format!("{ratio:.3}"),
            format!("{most:.2}"),
            verdict.to_owned(),
        ]);
    }
    table.print();
    Ok(())
}

impl Program {
    fn build(feature: &'static str, title: &str, directory: &Path) -> Result<Self> {
        let tree = [
            "tree",
            "--locked",
            "--offline",
            "-e",
            "normal",
            "--prefix",
            "none",
        ];
        let only = ["--no-default-features", "--features", feature];
        let tree = cargo(&[&tree[..], &only].concat())?;
        // `name v1.2.3`, followed by more for repeated crates and for those not from a registry.
        let crates: BTreeSet<(&str, &str)> = tree
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut words = line.split(' ');
                Some((words.next()?, words.next()?))
            })
            .collect();
        let client = title.split([' ', ',']).next().unwrap_or(title);
        let version = crates.iter().find(|(name, _)| *name == client);
        let version = version
            .ok_or("the client is missing from its own dependency tree")?
            .1;
        let (path, build_seconds) = build(feature, &format!("get-{feature}"), directory)?;
        Ok(Self {
            feature,
            title: title.replacen(
                client,
                &format!("{client} {}", version.trim_start_matches('v')),
                1,
            ),
            bytes: fs::metadata(&path)?.len() as f64,
            path,
            crates: crates.len(),
            build_seconds,
            peak_bytes: Vec::new(),
            milliseconds: Vec::new(),
        })
    }

    fn peak(&self) -> f64 {
        median(self.peak_bytes.clone()) / 1024.0
    }
}

/// Builds one program in an empty directory with only what it needs. Returns its path and the build
/// time in seconds.
fn build(feature: &str, program: &str, directory: &Path) -> Result<(PathBuf, f64)> {
    let target = directory.join(feature);
    let target = target
        .to_str()
        .ok_or("the path of the temporary directory is not UTF-8")?;
    let began = Instant::now();
    cargo(&[
        "build",
        "--quiet",
        "--locked",
        "--offline",
        "--no-default-features",
        "--features",
        feature,
        "--bin",
        program,
        "--profile",
        "small",
        "--target-dir",
        target,
    ])?;
    let seconds = began.elapsed().as_secs_f64();
    let path = PathBuf::from(target).join("small").join(program);
    Ok((path, seconds))
}

fn cargo(arguments: &[&str]) -> Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo {}: {}", arguments.join(" "), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns the peak memory in bytes and the run time in milliseconds.
fn run(measure: &Path, arguments: &[&std::ffi::OsStr]) -> Result<(f64, f64)> {
    let output = Command::new(measure)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let (bytes, microseconds) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| format!("a program failed: {}", output.status))?;
    Ok((bytes.parse()?, microseconds.parse::<f64>()? / 1000.0))
}

/// The libraries linked at startup that do an HTTP client's work.
fn shared_libraries(program: &Path) -> Vec<String> {
    let mut tool = match cfg!(target_os = "macos") {
        true => Command::new("otool"),
        false => Command::new("ldd"),
    };
    if cfg!(target_os = "macos") {
        tool.arg("-L");
    }
    let Ok(output) = tool.arg(program).output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let words = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let names = words.filter_map(|word| word.rsplit('/').next());
    let does_work = |name: &&str| {
        ["libcurl", "libssl", "libcrypto", "libz"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    names.filter(does_work).map(str::to_owned).collect()
}

/// Removed on drop, whatever happened.
struct TemporaryDirectory(PathBuf);

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
