//! Fetches a token and one sales unit with curl.

use vipps_compare::{Result, token_and_one_get, with_curl};

fn main() -> Result<()> {
    token_and_one_get::<with_curl::Client>()
}
