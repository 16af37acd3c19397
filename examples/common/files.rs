//! Files that an example keeps between runs.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{from_str, to_vec_pretty};
use vipps::IdempotencyKey;

use super::Failure;

/// The value in a file, or `None` if there is no such file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    match fs::read_to_string(path) {
        // The error does not show the text, which may hold a secret.
        Ok(text) => from_str(text.trim_start_matches('\u{feff}'))
            .map(Some)
            .map_err(|error| cannot("read", path, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

/// Replaces a file as a whole, readable by its owner only.
pub(crate) fn replace(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    write(path, value, |temporary| fs::rename(temporary, path))
        .map_err(|error| cannot("write", path, &error))
}

/// Creates a file as a whole, readable by its owner only. Of two runs at once, one fails.
pub(crate) fn create<T: Serialize>(path: &Path, value: T) -> Result<T, Failure> {
    // Unlike a rename, a hard link replaces nothing.
    match write(path, &value, |temporary| fs::hard_link(temporary, path)) {
        Ok(()) => Ok(value),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(cannot("create", path, &"another run has just done so"))
        }
        Err(error) => Err(Failure::setup(cannot("create", path, &error).to_string())),
    }
}

/// Lets the name of a file survive a power failure, as its content does.
pub(crate) fn sync_name(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let directory = File::open(parent.unwrap_or(Path::new(".")));
    match directory.and_then(|directory| directory.sync_all()) {
        Err(error) if cfg!(unix) => Err(Failure::setup(cannot("sync", path, &error).to_string())),
        _ => Ok(()),
    }
}

fn write(
    path: &Path,
    value: &impl Serialize,
    put: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    // No other run, stopped or active, has this name: it could be the file's second one.
    let temporary = path.with_extension(format!("{}.tmp", IdempotencyKey::random()));
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(&to_vec_pretty(value)?)?;
        file.sync_all()?;
        put(&temporary)
    });
    // After a rename it is gone already.
    drop(fs::remove_file(&temporary));
    written
}

pub(crate) fn cannot(what: &str, path: &Path, error: &dyn Display) -> Failure {
    Failure::passing(format!("cannot {what} {}: {error}", path.display()))
}

/// A directory that exists as long as this value does.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Temporary {
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("vipps-{name}-{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| cannot("create", &path, &error))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
