//! Runs a program and prints its peak memory in bytes and its time from start to exit in microseconds.
//!
//! A process of its own, and a small one: a child's peak memory begins with that of the process that started it.

use std::env;
use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args_os().skip(1);
    // Without a program it is the one that does nothing, to see what the least is.
    let Some(program) = words.next() else {
        return Ok(());
    };
    let began = Instant::now();
    let child = Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .spawn()?;
    let end = child.wait4()?;
    let time = began.elapsed();
    if !end.status.success() {
        return Err(end.status.to_string().into());
    }
    println!("{} {}", end.rusage.maxrss, time.as_micros());
    Ok(())
}
