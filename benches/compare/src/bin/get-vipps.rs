//! Fetches a token and one sales unit with vipps.

use vipps_compare::{Result, token_and_one_get, with_vipps};

fn main() -> Result<()> {
    token_and_one_get::<with_vipps::Client>()
}
