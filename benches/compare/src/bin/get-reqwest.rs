//! Fetches a token and one sales unit with reqwest.

use vipps_compare::{Result, token_and_one_get, with_reqwest};

fn main() -> Result<()> {
    token_and_one_get::<with_reqwest::Client>()
}
