//! The cost of a call on a kept-alive connection, in this process.

use std::hint::black_box;
use std::time::Instant;

use vipps_compare::api::MSN;
use vipps_compare::{Client, Result, with_curl, with_reqwest, with_ureq, with_vipps};

use crate::server::{self, IMAGE_ID, SALES_UNITS, SHORT_LIVED};
use crate::table::Table;
use crate::{ROUNDS, median};

pub const PICTURE_BYTES: usize = 2_000_000;

/// The target for getting a sales unit, relative to reqwest.
const MOST_TO_REQWEST: f64 = 0.6;

/// A call, and how many calls make up a round.
const CALLS: [(&str, Call, usize); 4] = [
    ("token request", Call::Token, 200),
    ("get a sales unit", Call::SalesUnit, 200),
    ("list 1,000 sales units", Call::SalesUnits, 60),
    ("post a 2 MB image", Call::Image, 12),
];

#[derive(Clone, Copy)]
enum Call {
    Token,
    SalesUnit,
    SalesUnits,
    Image,
}

pub fn compare() -> Result<()> {
    let url = server::start()?;
    let picture = picture();
    let mut clients: [(&str, Box<dyn Caller>); 4] = [
        (
            "reqwest",
            Box::new(Pair::<with_reqwest::Client>::new(&url)?),
        ),
        ("curl", Box::new(Pair::<with_curl::Client>::new(&url)?)),
        (
            "ureq by hand",
            Box::new(Pair::<with_ureq::Client>::new(&url)?),
        ),
        ("vipps", Box::new(Pair::<with_vipps::Client>::new(&url)?)),
    ];
    println!(
        "One call on a kept-alive connection, in µs, including the server's time: \
         medians of {ROUNDS} rounds, the clients in turn."
    );
    println!("A sales unit should take at most {MOST_TO_REQWEST:.2} of reqwest's time.");
    println!();
    let mut table = Table::new(&[
        "",
        "reqwest",
        "curl",
        "ureq by hand",
        "vipps",
        "vipps / reqwest",
        "vipps / ureq by hand",
    ]);
    for (title, call, count) in CALLS {
        // Warms up connections and everything created on first use.
        for (_, client) in &mut clients {
            round(client.as_mut(), call, count, &picture)?;
        }
        let mut rounds: Vec<[f64; 4]> = Vec::new();
        for nth in 0..ROUNDS {
            let mut times = [0.0; 4];
            // Each client goes first in turn.
            for turn in 0..clients.len() {
                let who = (nth + turn) % clients.len();
                times[who] = round(clients[who].1.as_mut(), call, count, &picture)?;
            }
            rounds.push(times);
        }
        let mut row = vec![title.to_owned()];
        for nth in 0..clients.len() {
            let time = median(rounds.iter().map(|times| times[nth]).collect());
            row.push(format!("{time:.1}"));
        }
        let ratio = |other: usize| {
            let ratios = rounds.iter().map(|times| times[3] / times[other]);
            median(ratios.collect())
        };
        let verdict = match call {
            Call::SalesUnit if ratio(0) <= MOST_TO_REQWEST => " ok",
            Call::SalesUnit => " MISSED",
            _ => "",
        };
        row.push(format!("{:.3}{verdict}", ratio(0)));
        row.push(format!("{:.3}", ratio(2)));
        table.row(row);
    }
    table.print();
    Ok(())
}

/// The median time of `count` calls in a row, in microseconds.
fn round(client: &mut dyn Caller, call: Call, count: usize, picture: &[u8]) -> Result<f64> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        client.call(call, picture)?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(times))
}

trait Caller {
    fn call(&mut self, call: Call, picture: &[u8]) -> Result<()>;
}

/// A client for calls, and one for tokens that are never cached.
struct Pair<C> {
    client: C,
    for_tokens: C,
}

impl<C: Client> Pair<C> {
    fn new(url: &str) -> Result<Self> {
        let mut client = C::new(url)?;
        client.fetch_token()?;
        let for_tokens = C::new(&format!("{url}{SHORT_LIVED}"))?;
        Ok(Self { client, for_tokens })
    }
}

impl<C: Client> Caller for Pair<C> {
    fn call(&mut self, call: Call, picture: &[u8]) -> Result<()> {
        match call {
            Call::Token => self.for_tokens.fetch_token()?,
            Call::SalesUnit => drop(black_box(self.client.sales_unit(MSN)?)),
            Call::SalesUnits => {
                let count = self.client.sales_units()?;
                if count != SALES_UNITS {
                    return Err(format!("unexpected count of {count} sales units").into());
                }
            }
            Call::Image => {
                let id = self.client.add_image(IMAGE_ID, picture)?;
                if id != IMAGE_ID {
                    return Err(format!("unexpected image id {id}").into());
                }
            }
        }
        Ok(())
    }
}

/// A PNG whose structure is valid and whose pixels are not.
fn picture() -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = [800_u32.to_be_bytes(), 600_u32.to_be_bytes()].concat();
    let rest = b"\x08\x02\0\0\0";
    chunk(&mut picture, b"IHDR", &[&size[..], rest].concat());
    // Subtracts the header, this chunk's own 12 bytes and the 12 bytes of the end chunk.
    let length = PICTURE_BYTES - picture.len() - 24;
    let data: Vec<u8> = (0..length).map(|n| (n * 31 % 251) as u8).collect();
    chunk(&mut picture, b"IDAT", &data);
    chunk(&mut picture, b"IEND", b"");
    picture
}

fn chunk(picture: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    picture.extend((data.len() as u32).to_be_bytes());
    picture.extend(name);
    picture.extend(data);
    picture.extend([0; 4]);
}
