use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use vipps::IdempotencyKey;
use vipps::management::{PrefillProductOrder, PrefillResponse};

use crate::common::{Failure, from_json};

/// What is sent and where, and then the answer.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct State {
    /// An order id means nothing to another server.
    pub(crate) base_url: String,
    /// With its idempotency key.
    pub(crate) order: PrefillProductOrder,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<PrefillResponse>,
}

/// `FILE.state`: complete or absent, whenever the program or the machine stops.
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn beside(file: &Path) -> Self {
        Self(with_suffix(file, "state"))
    }

    pub(crate) fn read(&self) -> Result<Option<State>, Failure> {
        let text = match fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::setup(format!("cannot read {self}: {error}"))),
        };
        let wrong = |error: String| Failure::setup(format!("{self}: {error}"));
        let state: State = from_json(&text).map_err(wrong)?;
        state
            .order
            .validate()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Some(state))
    }

    /// Writes the first state. Of two runs that start at once, one fails.
    pub(crate) fn create(&self, state: &State) -> Result<(), Failure> {
        // Unlike a rename, a hard link replaces nothing.
        let link = |temporary: &Path, path: &Path| {
            fs::hard_link(temporary, path).and_then(|()| fs::remove_file(temporary))
        };
        self.write(state, link).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::passing(format!("another run has just created {self}"))
            }
            _ => Failure::setup(format!("cannot write {self}: {error}")),
        })
    }

    /// Lets the name of the file survive a power failure, as its content does.
    pub(crate) fn sync_directory(&self) -> Result<(), Failure> {
        #[cfg(unix)]
        {
            let parent = self.0.parent().filter(|parent| *parent != Path::new(""));
            File::open(parent.unwrap_or(Path::new(".")))
                .and_then(|directory| directory.sync_all())
                .map_err(|error| Failure::setup(format!("cannot sync {self}: {error}")))?;
        }
        Ok(())
    }

    pub(crate) fn replace(&self, state: &State) -> io::Result<()> {
        self.write(state, |temporary, path| fs::rename(temporary, path))
    }

    /// Removes the file if it still holds this state, which another run may have replaced.
    pub(crate) fn remove(&self, state: &State) -> bool {
        let is_same = self.read().is_ok_and(|now| now.as_ref() == Some(state));
        is_same && fs::remove_file(&self.0).is_ok()
    }

    fn write(&self, state: &State, put: impl Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
        // No other run, stopped or active, has this name: it could be the state's second one.
        let temporary = with_suffix(&self.0, IdempotencyKey::random().as_str());
        let written = serde_json::to_vec_pretty(state)
            .map_err(io::Error::from)
            .and_then(|text| {
                let mut file = private(&temporary)?;
                file.write_all(&text)?;
                file.sync_all()?;
                put(&temporary, &self.0)
            });
        written.inspect_err(|_| drop(fs::remove_file(&temporary)))
    }
}

impl fmt::Display for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::shown(&self.0))
    }
}

/// Creates a file for its owner only: an order can hold the password of a test website.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}
