use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use vipps::management::{PrefillProductOrder, PrefillResponse};

use crate::Failure;

/// How far an order has come: first what is going to be sent and where, its idempotency key included, and then the answer to it.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Its base URL: an order is at one service, and its id means nothing to another.
    pub(crate) service: String,
    pub(crate) order: PrefillProductOrder,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<PrefillResponse>,
}

/// Where the state is kept. It is there as a whole or not at all, whenever the program or the machine stops.
pub(crate) struct StateFile(Option<PathBuf>);

impl StateFile {
    /// `FILE.state`.
    pub(crate) fn beside(file: &Path) -> Self {
        Self(Some(with_suffix(file, ".state")))
    }

    /// Nowhere.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn read(&self) -> Result<Option<State>, Failure> {
        let Some(path) = &self.0 else {
            return Ok(None);
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::setup(format!("cannot read {self}: {error}"))),
        };
        let wrong = |error: &dyn fmt::Display| Failure::setup(format!("{self}: {error}"));
        let state: State = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
        state.order.validate().map_err(|error| wrong(&error))?;
        Ok(Some(state))
    }

    /// Writes the first state. Of two runs that begin at once, one fails.
    pub(crate) fn create(&self, state: &State) -> Result<(), Failure> {
        // Unlike a rename, a link replaces nothing.
        let link = |temporary: &Path, path: &Path| {
            fs::hard_link(temporary, path).and_then(|()| fs::remove_file(temporary))
        };
        self.write(state, link).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::passing(format!(
                "another run has just begun this order: {self} is there now"
            )),
            _ => Failure::setup(self.cannot_write(&error)),
        })
    }

    /// Has the state's name outlast a loss of power, as what is in it does: to be called before anything is sent. After the answer it does
    /// not matter which of the two states outlasts it, for both have the same key.
    pub(crate) fn sync_directory(&self) -> Result<(), Failure> {
        #[cfg(unix)]
        if let Some(path) = &self.0 {
            let directory = path.parent().filter(|parent| *parent != Path::new(""));
            let directory = File::open(directory.unwrap_or(Path::new(".")));
            let synced = directory.and_then(|directory| directory.sync_all());
            synced.map_err(|error| Failure::setup(format!("cannot sync {self}: {error}")))?;
        }
        Ok(())
    }

    /// Says what it could not do.
    pub(crate) fn replace(&self, state: &State) -> Result<(), String> {
        self.write(state, |temporary, path| fs::rename(temporary, path))
            .map_err(|error| self.cannot_write(&error))
    }

    /// Removes this state, and says whether it did: another run may have got an answer meanwhile, or a person begun another order.
    pub(crate) fn remove(&self, state: &State) -> bool {
        match (&self.0, self.read()) {
            (Some(path), Ok(Some(now))) if now == *state => fs::remove_file(path).is_ok(),
            _ => false,
        }
    }

    /// What to do about an order that is refused again and again.
    pub(crate) fn advice(&self) -> Option<String> {
        // Another run may have removed it.
        self.read().ok()??;
        Some(format!(
            "{self} stays, so that the same command sends the same again, and no second order. Should that fail for good, remove it, but \
             only when no run is going on and GET /management/v2/product-orders shows that it was not ordered: without it, it is ordered \
             anew."
        ))
    }

    fn write(&self, state: &State, put: impl Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
        let Some(path) = &self.0 else {
            return Ok(());
        };
        // No name that a run which was stopped, or one that is going on, may have used: that file could be the state itself by another
        // name. Process ids come again, in containers each time.
        let random = RandomState::new().build_hasher().finish();
        let temporary = with_suffix(path, &format!(".{random:016x}"));
        let written = serde_json::to_vec_pretty(state)
            .map_err(io::Error::from)
            .and_then(|text| {
                let mut file = private(&temporary)?;
                file.write_all(&text)?;
                file.sync_all()?;
                put(&temporary, path)
            });
        written.inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    fn cannot_write(&self, error: &io::Error) -> String {
        format!("cannot write {self}: {error}")
    }
}

impl fmt::Display for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(path) => path.display().fmt(f),
            None => f.write_str("the state"),
        }
    }
}

/// A new file for its owner only: an order may hold the password of a test website.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
