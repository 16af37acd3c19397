//! Runs a program and prints its peak memory in bytes and its run time in microseconds.
//!
//! This is a separate, small process because a child's peak memory starts from that of its parent.

use std::env;
use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args_os().skip(1);
    // Without arguments this program itself is the baseline that does nothing.
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
