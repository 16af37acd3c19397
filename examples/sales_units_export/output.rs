//! Where the rows go.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use crate::common::visible;

/// Standard output, or a file that gets its name once it is complete.
pub(crate) struct Output {
    sink: Box<dyn Write>,
    /// The temporary path and the final one of a regular file.
    rename: Option<(PathBuf, PathBuf)>,
    /// The bar that gives way to rows if they go to a terminal.
    bar: Option<ProgressBar>,
}

impl Output {
    pub(crate) fn open(path: Option<&Path>, bar: &ProgressBar) -> io::Result<Self> {
        let direct = |sink, is_terminal: bool| Self {
            sink,
            rename: None,
            bar: is_terminal.then(|| bar.clone()),
        };
        let Some(path) = path else {
            return Ok(direct(Box::new(stdout()), stdout().is_terminal()));
        };
        let permissions = match File::options().write(true).open(path) {
            Ok(file) if !file.metadata()?.is_file() => {
                let is_terminal = file.is_terminal();
                return Ok(direct(Box::new(file), is_terminal));
            }
            Ok(file) => Some(file.metadata()?.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // Replaces the target of a symbolic link, not the link.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut temporary = path.clone().into_os_string();
        temporary.push(format!(".{}.partial", std::process::id()));
        let mut output = direct(Box::new(File::create(&temporary)?), false);
        output.rename = Some((PathBuf::from(&temporary), path));
        if let Some(permissions) = permissions {
            fs::set_permissions(temporary, permissions)?;
        }
        Ok(output)
    }

    /// Writes a row with one call, so that an interrupted export ends after a complete row.
    pub(crate) fn write(&mut self, row: &str) -> io::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.sink.write_all((visible(row) + "\n").as_bytes())),
            None => self.sink.write_all(format!("{row}\n").as_bytes()),
        }
    }

    /// Renames the file, if it has a temporary name.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if let Some((temporary, path)) = &self.rename {
            // Not every system renames an open file.
            self.sink = Box::new(io::sink());
            File::options().write(true).open(temporary)?.sync_all()?;
            fs::rename(temporary, path)?;
            self.rename = None;
        }
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.sink = Box::new(io::sink());
        if let Some((temporary, _)) = &self.rename {
            drop(fs::remove_file(temporary));
        }
    }
}
