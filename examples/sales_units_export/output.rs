use std::fs::{self, File};
use std::io::{self, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use crate::progress::{Progress, visible};

/// Standard output, or a file that gets its name when it is whole.
pub(crate) struct Output {
    /// `None` for standard output.
    file: Option<File>,
    name: String,
    /// From the temporary name to the final one.
    rename: Option<(PathBuf, PathBuf)>,
    /// Where rows go to a terminal, which may be that of the progress bar.
    is_terminal: bool,
    progress: Progress,
}

impl Output {
    pub(crate) fn open(path: Option<&Path>, progress: &Progress) -> io::Result<Self> {
        let mut output = Self {
            file: None,
            name: path.map_or("standard output".into(), |path| path.display().to_string()),
            rename: None,
            is_terminal: path.is_none() && stdout().is_terminal(),
            progress: progress.clone(),
        };
        if let Some(path) = path {
            let opened = output.open_file(path);
            opened.map_err(|error| output.cannot_write(&error))?;
        }
        Ok(output)
    }

    fn open_file(&mut self, path: &Path) -> io::Result<()> {
        let permissions = match File::options().write(true).open(path) {
            Ok(file) => {
                let metadata = file.metadata()?;
                if !metadata.is_file() {
                    self.is_terminal = file.is_terminal();
                    self.file = Some(file);
                    return Ok(());
                }
                Some(metadata.permissions())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A symbolic link stays one.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut temporary = path.clone().into_os_string();
        temporary.push(format!(".{}.partial", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let file = File::create(&temporary)?;
        self.rename = Some((temporary, path));
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        self.file = Some(file);
        Ok(())
    }

    /// Writes a row in one go, on a terminal with its control characters escaped.
    pub(crate) fn write(&mut self, row: &str) -> io::Result<()> {
        let line = match self.is_terminal {
            true => visible(row) + "\n",
            false => format!("{row}\n"),
        };
        let mut write = || match &mut self.file {
            Some(file) => file.write_all(line.as_bytes()),
            None => stdout().write_all(line.as_bytes()),
        };
        let written = match self.is_terminal {
            true => self.progress.suspend(write),
            false => write(),
        };
        written.map_err(|error| self.cannot_write(&error))
    }

    /// Gives the file its name.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let (Some(file), Some((temporary, path))) = (self.file.take(), &self.rename) else {
            return Ok(());
        };
        let synced = file.sync_all();
        // Not every system renames an open file.
        drop(file);
        synced
            .and_then(|()| fs::rename(temporary, path))
            .map_err(|error| self.cannot_write(&error))?;
        self.rename = None;
        Ok(())
    }

    fn cannot_write(&self, error: &io::Error) -> io::Error {
        let message = format!("cannot write to {}: {error}", self.name);
        io::Error::new(error.kind(), message)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.file = None;
        if let Some((temporary, _)) = &self.rename {
            drop(fs::remove_file(temporary));
        }
    }
}
