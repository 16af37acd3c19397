//! Fetches a token and one sales unit with hand-written ureq code.

use vipps_compare::{Result, token_and_one_get, with_ureq};

fn main() -> Result<()> {
    token_and_one_get::<with_ureq::Client>()
}
