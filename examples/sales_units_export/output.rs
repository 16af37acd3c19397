use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::progress::Progress;

/// Rows in their order, whatever the order in which they come.
pub(crate) struct Output {
    state: Mutex<State>,
    /// Rows were written, or it was stopped.
    moved: Condvar,
    look_ahead: usize,
}

struct State {
    target: Box<dyn Write + Send>,
    name: String,
    /// How many rows are written.
    written: usize,
    /// Rows that wait for one before them.
    early: BTreeMap<usize, Vec<u8>>,
    stopped: bool,
}

impl Output {
    /// A file, or standard output, where a row may come before that many others are written.
    pub(crate) fn open(file: Option<&Path>, look_ahead: usize) -> Result<Self, String> {
        let (target, name): (Box<dyn Write + Send>, _) = match file {
            Some(path) => {
                let name = path.display().to_string();
                let file = File::create(path).map_err(|error| cannot_write(&name, &error))?;
                (Box::new(file), name)
            }
            None => (Box::new(io::stdout()), "standard output".to_owned()),
        };
        Ok(Self {
            state: Mutex::new(State {
                target,
                name,
                written: 0,
                early: BTreeMap::new(),
                stopped: false,
            }),
            moved: Condvar::new(),
            look_ahead,
        })
    }

    pub(crate) fn write_header(&self, header: &[u8]) -> Result<(), String> {
        self.lock().write(header)
    }

    /// Waits until the `nth` row may come, or until it is stopped.
    pub(crate) fn wait_for(&self, nth: usize) {
        let is_early = |state: &mut State| {
            let may_come = nth < state.written + self.look_ahead;
            !may_come && !state.stopped
        };
        drop(self.moved.wait_while(self.lock(), is_early));
    }

    /// Writes the `nth` row and those that waited for it, or has it wait.
    pub(crate) fn put(&self, nth: usize, row: Vec<u8>, progress: &Progress) -> Result<(), String> {
        let mut state = self.lock();
        state.early.insert(nth, row);
        if nth > state.written {
            return Ok(());
        }
        progress.aside(|| state.write_rows())?;
        self.moved.notify_all();
        Ok(())
    }

    /// Lets nobody wait any more.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// All rows whose turn it is.
    fn write_rows(&mut self) -> Result<(), String> {
        while let Some(row) = self.early.remove(&self.written) {
            self.write(&row)?;
            self.written += 1;
        }
        Ok(())
    }

    /// Not buffered, nor is what standard output gets in whole lines: the system gets whole rows, each in one write.
    fn write(&mut self, row: &[u8]) -> Result<(), String> {
        let written = self.target.write_all(row);
        written.map_err(|error| cannot_write(&self.name, &error))
    }
}

fn cannot_write(name: &str, error: &io::Error) -> String {
    format!("cannot write to {name}: {error}")
}
