//! A file gets its name once it is complete.

use std::fs;
use std::path::Path;

use vipps::sandbox::{Fault, Sandbox};

use super::super::{Directory, assert_output, unwrapped};
use super::{DETAILS, assert_export, begin, export, rows, three_rows};

/// The names of all files in a directory.
fn names(directory: &Directory) -> Vec<String> {
    let entries = fs::read_dir(&directory.0).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
        .into_iter()
        .map(|name| name.into_string().unwrap())
        .collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_whole_export_takes_the_place_of_an_earlier_one() {
    let directory = Directory::new("earlier");
    directory.write("units.csv", "of yesterday");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap();
    let unit = "GET /management/v1/sales-units/654321";
    sandbox.fault(unit, 1, Fault::Hold);
    let mut program = begin(&sandbox, &file, &[]);
    let partial = format!("units.csv.{}.partial", program.0.id());
    assert!(sandbox.wait_for(DETAILS, 3));
    assert_eq!(names(&directory), ["units.csv", &partial]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "of yesterday");
    sandbox.release();
    assert_eq!(program.code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), three_rows());
    assert_eq!(names(&directory), ["units.csv"]);

    // An export with errors in some rows replaces the file too.
    sandbox.fault(unit, 1, Fault::status(404));
    let output = export(&sandbox, &["--output", text(&file)]);
    assert_export(&output, 1, "", "exported 2, failed 1\n");
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .contains(": 404 Not Found: ")
    );
    assert_eq!(names(&directory), ["units.csv"]);
}

#[test]
fn a_list_that_cannot_be_had_leaves_an_earlier_file_alone() {
    let directory = Directory::new("no-list");
    directory.write("units.csv", "of yesterday");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /management/v1/sales-units", 1, Fault::status(403));
    let output = export(&sandbox, &["--output", text(&file)]);
    let stderr = "sales_units_export: GET /management/v1/sales-units: 403 Forbidden: \
                  Injected fault [trace 0af7651916cd43dd8448eb211c80319c]\n";
    assert_output(&output, 2, "", stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "of yesterday");
    assert_eq!(names(&directory), ["units.csv"]);
}

#[test]
fn a_file_that_cannot_be_made() {
    let sandbox = Sandbox::start().unwrap();
    let directory = Directory::new("no-directory");
    let file = directory.0.join("no\u{1b}where").join("units.csv");
    let output = export(&sandbox, &["--output", text(&file)]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = unwrapped(&output.stderr);
    let shown = text(&file).replace('\u{1b}', "\\u{1b}");
    let start = format!("sales_units_export: cannot write to {shown}: ");
    assert!(stderr.starts_with(&start), "{stderr}");
    assert_eq!(sandbox.count(DETAILS), 0);

    let output = export(&sandbox, &["--output", text(&directory.0)]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(names(&directory), [""; 0]);
}

#[cfg(unix)]
mod unix {
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::{Command, Stdio};

    use serde_json::Value;

    use super::super::super::{Killed, command, eventually, program, with_vars};
    use super::*;

    #[test]
    fn ctrl_c_leaves_no_file_or_the_earlier_one() {
        let directory = Directory::new("interrupted");
        let file = directory.0.join("units.csv");
        let sandbox = Sandbox::builder().sales_units(40).start().unwrap();
        sandbox.fault(
            "GET /management/v1/sales-units/1000017",
            usize::MAX,
            Fault::Hold,
        );
        for earlier in [None, Some("of yesterday")] {
            if let Some(earlier) = earlier {
                directory.write("units.csv", earlier);
            }
            sandbox.clear_requests();
            let mut program = begin(&sandbox, &file, &[]);
            assert!(sandbox.wait_for(DETAILS, 40));
            program.interrupt();
            assert_eq!(fs::read_to_string(&file).ok().as_deref(), earlier);
        }
    }

    #[test]
    fn standard_output_gets_whole_rows_at_once() {
        let directory = Directory::new("standard-output");
        let file = directory.0.join("units.jsonl");
        let sandbox = Sandbox::builder().sales_units(2000).start().unwrap();
        // Keeps the export from finishing before it is interrupted.
        sandbox.fault(
            "GET /management/v1/sales-units/1001999",
            usize::MAX,
            Fault::Hold,
        );
        for moment in [1, 60, 200, 2000] {
            sandbox.clear_requests();
            let mut command = command("sales_units_export", &sandbox.env());
            command.args(["--format", "jsonl"]).stderr(Stdio::null());
            command.stdout(File::create(&file).unwrap());
            let mut program = Killed(command.spawn().unwrap());
            assert!(sandbox.wait_for(DETAILS, moment));
            let read = || fs::read_to_string(&file).unwrap();
            // All rows but the last are written at once, not when a buffer is full.
            eventually(|| moment < 2000 || read().lines().count() == 1999);
            program.interrupt();
            let text = read();
            assert!(text.is_empty() || text.ends_with("}\n"), "{text}");
            for (nth, line) in text.lines().enumerate() {
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["msn"], (1_000_000 + nth).to_string());
            }
        }
    }

    /// A limit on the size of files stands in for a full disk.
    #[test]
    fn a_full_disk_leaves_the_earlier_file_alone() {
        let directory = Directory::new("full");
        directory.write("units.csv", "of yesterday");
        let file = directory.0.join("units.csv");
        let sandbox = Sandbox::builder().sales_units(400).start().unwrap();
        let mut shell = with_vars(Command::new("sh"), &sandbox.env());
        shell.args([
            "-c",
            "trap '' XFSZ; ulimit -f 8; exec \"$0\" --output \"$1\"",
        ]);
        let output = shell
            .arg(program("sales_units_export"))
            .arg(&file)
            .output()
            .unwrap();
        let stderr = unwrapped(&output.stderr);
        let start = format!("sales_units_export: cannot write to {}: ", file.display());
        let last = stderr.lines().last().unwrap();
        assert!(last.starts_with(&start), "{stderr}");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(fs::read_to_string(&file).unwrap(), "of yesterday");
        assert_eq!(names(&directory), ["units.csv"]);
        assert!(sandbox.count(DETAILS) < 400);
    }

    #[test]
    fn a_link_stays_one_and_permissions_stay_as_they_are() {
        let directory = Directory::new("link");
        directory.write("units.csv", "of yesterday");
        let (file, link) = (
            directory.0.join("units.csv"),
            directory.0.join("latest.csv"),
        );
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        symlink("units.csv", &link).unwrap();
        let sandbox = Sandbox::start().unwrap();
        let output = export(&sandbox, &["--output", text(&link)]);
        assert_export(&output, 0, "", "exported 3, failed 0\n");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("units.csv"));
        assert_eq!(fs::read_to_string(&file).unwrap(), three_rows());
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(names(&directory), ["latest.csv", "units.csv"]);
    }

    #[test]
    fn what_is_not_a_regular_file_is_written_to_directly() {
        let directory = Directory::new("fifo");
        let fifo = directory.0.join("units.csv");
        assert!(
            Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        let sandbox = Sandbox::builder().sales_units(40).start().unwrap();
        let mut program = begin(&sandbox, &fifo, &[]);
        assert_eq!(fs::read_to_string(&fifo).unwrap(), rows(40));
        assert_eq!(program.code(), Some(0));
        assert_eq!(names(&directory), ["units.csv"]);

        let output = export(&sandbox, &["--output", "/dev/null"]);
        assert_export(&output, 0, "", "exported 40, failed 0\n");
    }
}
