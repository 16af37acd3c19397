//! A token and one sales unit with ureq by hand.

use vipps_compare::{Result, token_and_one_get, with_ureq};

fn main() -> Result<()> {
    token_and_one_get::<with_ureq::Client>()
}
