use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows in their order, whatever the order in which they come.
pub(crate) struct Output(Mutex<State>);

struct State {
    target: Box<dyn Write + Send>,
    name: String,
    /// How many rows are written.
    written: usize,
    /// Rows that wait for one before them.
    early: BTreeMap<usize, Vec<u8>>,
}

impl Output {
    /// A file, or standard output.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, String> {
        let (target, name): (Box<dyn Write + Send>, _) = match file {
            Some(path) => {
                let name = path.display().to_string();
                let file = File::create(path).map_err(|error| cannot_write(&name, &error))?;
                (Box::new(file), name)
            }
            None => (Box::new(io::stdout()), "standard output".to_owned()),
        };
        Ok(Self(Mutex::new(State {
            target,
            name,
            written: 0,
            early: BTreeMap::new(),
        })))
    }

    pub(crate) fn write_header(&self, header: &[u8]) -> Result<(), String> {
        self.lock().write(header)
    }

    /// Writes the `nth` row and those that waited for it, or has it wait.
    pub(crate) fn put(&self, nth: usize, row: Vec<u8>) -> Result<(), String> {
        let mut state = self.lock();
        state.early.insert(nth, row);
        loop {
            let next = state.written;
            let Some(row) = state.early.remove(&next) else {
                return Ok(());
            };
            state.write(&row)?;
            state.written += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Not buffered, nor is what standard output gets in whole lines: the system gets whole rows, each in one write.
    fn write(&mut self, row: &[u8]) -> Result<(), String> {
        let written = self.target.write_all(row);
        written.map_err(|error| cannot_write(&self.name, &error))
    }
}

fn cannot_write(name: &str, error: &io::Error) -> String {
    format!("cannot write to {name}: {error}")
}
