use std::time::Duration;

use vipps::order_management::{self, AddImage, ImageId};

use crate::by_hand::{ByHand, session};
use crate::measure::{Effort, compare, heap};
use crate::server::Server;
use crate::table::{Figure, Table};

const MAX_BYTES: usize = 2 * 1024 * 1024;
const ID: &str = "socks-orderid-123";

/// `AddImage::from_bytes` plus the call, with images of the largest allowed size.
pub(crate) fn add_image(effort: Effort, table: &mut Table) {
    let server = Server::start(&format!(r#"{{"imageId":"{ID}"}}"#), Duration::ZERO);
    let (session, hand) = (session(&server.url), ByHand::new(&server.url));
    for (kind, picture) in [("PNG", png()), ("JPEG", jpeg())] {
        assert_eq!(picture.len(), MAX_BYTES);
        let ours = || {
            let id = ImageId::new(ID).unwrap();
            let image = AddImage::from_bytes(id, &picture).unwrap();
            let id = order_management::add_image(&session, &image).unwrap();
            assert_eq!(id.as_str(), ID);
        };
        let by_hand = || assert_eq!(hand.add_image(ID, &picture).image_id, ID);

        let time = compare(effort, ours, by_hand);
        let what = format!("add_image, 2 MB {kind}");
        let of = format!("({:.1?}, by hand {:.1?})", time.ours, time.by_hand);
        let figure = Figure::new(time.ratio, of);
        table.at_most(&format!("{what}, time vs. by hand"), figure, 1.10, " x");

        let [ours, by_hand] = [heap(ours), heap(by_hand)].map(|h| h.peak / MAX_BYTES as f64);
        let of = format!("(by hand {by_hand:.3} x)");
        let what = format!("{what}, extra peak heap vs. its size");
        table.at_most(&what, Figure::new(ours, of), 1.40, " x");
    }
}

/// One chunk of noise between the header and the end.
fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let chunk = |bytes: &mut Vec<u8>, name: &[u8], data: &[u8]| {
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(name);
        bytes.extend(data);
        bytes.extend([0; 4]);
    };
    let [width, height] = [1200_u32, 600].map(u32::to_be_bytes);
    chunk(
        &mut bytes,
        b"IHDR",
        &[&width[..], &height, &[8, 2, 0, 0, 0]].concat(),
    );
    let rest = MAX_BYTES - bytes.len() - 12 - 12;
    let data: Vec<u8> = noise().take(rest).collect();
    chunk(&mut bytes, b"IDAT", &data);
    chunk(&mut bytes, b"IEND", b"");
    bytes
}

/// One scan of noise, in which 0xff is as frequent as in a real scan.
fn jpeg() -> Vec<u8> {
    let mut bytes = b"\xff\xd8".to_vec();
    let [w, h] = [1200_u16, 600].map(u16::to_be_bytes);
    bytes.extend(b"\xff\xc0\x00\x11\x08");
    bytes.extend([h, w].concat());
    bytes.extend(b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01");
    bytes.extend(b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00");
    for byte in noise() {
        match MAX_BYTES - bytes.len() {
            0..=2 => break,
            // No room for two bytes and the end marker.
            3 => bytes.push(0),
            _ if byte == 0xff => bytes.extend(b"\xff\x00"),
            _ => bytes.push(byte),
        }
    }
    bytes.extend(b"\xff\xd9");
    bytes
}

/// Xorshift.
fn noise() -> impl Iterator<Item = u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    })
}
