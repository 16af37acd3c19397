//! Images: what is read from them, what is refused before sending, and what is sent.

use std::path::PathBuf;

use serde_json::{Value, json};
use vipps::ErrorKind;
use vipps::order_management::{self, AddImage, ImageId};

use crate::support::{PNG, PNG_BASE64, call, json_reply, wire};

mod jpeg;

/// The output of [`grey_jpeg`].
const JPEG_BASE64: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD\
                           /2wBDABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\
                           BAQEBAQEBAQEBAQEBAQEBD/wAALCACnAAEBAREA\
                           /8QAJgABAAAAAAAAAAAAAAAAAAAAABABAAAAAAAAAAAAAAAAAAAAAP\
                           /aAAgBAQAAPwAAAAAAAD//2Q==";

const NOT_A_PICTURE: &str = "invalid input: src: must be a PNG or a JPEG";
const CUT_PNG: &str =
    "invalid input: src: must be a complete PNG; this one is truncated or damaged";
const CUT_JPEG: &str =
    "invalid input: src: must be a complete JPEG; this one is truncated or damaged";

const SOF0: u8 = 0xc0;
const SOF2_PROGRESSIVE: u8 = 0xc2;
const DHT: u8 = 0xc4;
const JPG: u8 = 0xc8;
const DAC: u8 = 0xcc;
const SOS: u8 = 0xda;
const DQT: u8 = 0xdb;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP13: u8 = 0xed;
const COM: u8 = 0xfe;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];

/// 21 blocks of one-bit codes for "as before" and "end of block", padded with ones.
const SCAN_DATA: [u8; 6] = [0, 0, 0, 0, 0, 0x3f];

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], length.as_slice(), data].concat()
}

fn frame(marker: u8, width: u16, height: u16) -> Vec<u8> {
    let ([h1, h2], [w1, w2]) = (height.to_be_bytes(), width.to_be_bytes());
    segment(marker, &[8, h1, h2, w1, w2, 1, 1, 0x11, 0])
}

fn scan() -> Vec<u8> {
    [segment(SOS, &[1, 1, 0, 0, 63, 0]), SCAN_DATA.to_vec()].concat()
}

fn tables() -> Vec<u8> {
    // A single one-bit code, for the value 0.
    let codes = [&[1], [0; 15].as_slice(), &[0]].concat();
    segment(DHT, &[&[0], codes.as_slice(), &[0x10], &codes].concat())
}

fn jpeg(parts: &[Vec<u8>]) -> Vec<u8> {
    [START.as_slice(), &parts.concat(), &END].concat()
}

/// A complete grey baseline JPEG, 1 x 167 px.
fn grey_jpeg() -> Vec<u8> {
    jpeg(&[
        segment(APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(DQT, &[&[0], [16; 64].as_slice()].concat()),
        frame(SOF0, 1, 167),
        tables(),
        scan(),
    ])
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    // The checksum is not verified.
    [length.as_slice(), name, data, &[0; 4]].concat()
}

fn png_header(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[size.as_slice(), &[8, 0, 0, 0, 0]].concat())
}

fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    [&PNG[..8], &chunks.concat(), &chunk(b"IEND", &[])].concat()
}

fn id() -> ImageId {
    "socks-orange-123".parse().unwrap()
}

fn read(picture: &[u8]) -> Result<(u32, u32), String> {
    let image = AddImage::from_bytes(id(), picture);
    image
        .map(|image| (image.width(), image.height()))
        .map_err(|error| error.to_string())
}

#[track_caller]
fn assert_refused(picture: &[u8], message: &str) {
    assert_eq!(read(picture), Err(message.to_owned()));
}

#[test]
fn an_image_must_be_at_least_167_px_high() {
    for (width, height) in [
        (1, 167),
        (167, 167),
        (1, 168),
        (4000, 3000),
        (65_535, 65_535),
    ] {
        let (w, h) = (
            u16::try_from(width).unwrap(),
            u16::try_from(height).unwrap(),
        );
        let size = Ok((width, height));
        assert_eq!(read(&png(&[png_header(width, height)])), size);
        assert_eq!(read(&jpeg(&[frame(SOF0, w, h), scan()])), size);
        assert_eq!(read(&jpeg(&[frame(SOF2_PROGRESSIVE, w, h), scan()])), size);
    }
    for height in [1, 100, 166] {
        let message = format!("invalid input: src: must be at least 167 px high, not {height}");
        // The width does not make up for it.
        assert_refused(&png(&[png_header(4000, height)]), &message);
        let height = u16::try_from(height).unwrap();
        for marker in [SOF0, SOF2_PROGRESSIVE] {
            assert_refused(&jpeg(&[frame(marker, 4000, height), scan()]), &message);
        }
    }
}

#[test]
fn zero_width_or_height_is_refused() {
    for (width, height) in [(0, 167), (200, 0), (0, 0)] {
        assert_refused(&png(&[png_header(width, height)]), CUT_PNG);
        let (width, height) = (
            u16::try_from(width).unwrap(),
            u16::try_from(height).unwrap(),
        );
        assert_refused(&jpeg(&[frame(SOF0, width, height), scan()]), CUT_JPEG);
    }
}

/// A truncated PNG or JPEG would show in part or not at all.
#[test]
fn an_image_truncated_at_any_byte_is_refused() {
    // A table that contains the bytes of the end marker must not pass for the end.
    let end_in_a_table = jpeg(&[
        frame(SOF0, 640, 480),
        segment(DQT, &[&[0, 1], END.as_slice(), &[3]].concat()),
        scan(),
        segment(COM, &END),
        scan(),
    ]);
    let chunks = png(&[
        png_header(300, 200),
        chunk(b"tEXt", b"IEND"),
        chunk(b"IDAT", &[0; 9]),
    ]);
    for picture in [PNG, &grey_jpeg(), &end_in_a_table, &chunks] {
        assert!(read(picture).is_ok());
        for length in 0..picture.len() {
            let message = match (length, picture[0]) {
                (0..2, _) | (2..8, 0x89) => NOT_A_PICTURE,
                (_, 0x89) => CUT_PNG,
                _ => CUT_JPEG,
            };
            assert_eq!(
                read(&picture[..length]),
                Err(message.to_owned()),
                "cut at {length}"
            );
        }
    }
}

#[test]
fn an_invalid_png_is_refused() {
    for (what, picture) in [
        ("no header", png(&[chunk(b"IDAT", &[0; 9])])),
        (
            "something before the header",
            png(&[chunk(b"tEXt", b"a"), png_header(300, 200)]),
        ),
        (
            "a short header",
            png(&[chunk(b"IHDR", &[0, 0, 1, 0, 0, 0, 1])]),
        ),
        ("an empty header", png(&[chunk(b"IHDR", b"")])),
        (
            "a length beyond the end",
            png(&[png_header(300, 200), vec![0xff; 8]]),
        ),
    ] {
        assert_eq!(read(&picture), Err(CUT_PNG.to_owned()), "{what}");
    }
    // The first header counts.
    assert_eq!(
        read(&png(&[png_header(300, 200), png_header(1, 1)])),
        Ok((300, 200))
    );
}

#[test]
fn other_files_are_refused() {
    for picture in [
        b"".as_slice(),
        b"GIF89a\x2c\x01\xc8\0\0\0\0;",
        b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0",
        b"BM\x46\0\0\0",
        b"II*\0\x08\0\0\0",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"\0\0\0\x20ftypavif",
        b"%PDF-1.7",
        b"https://example.com/socks.png",
        PNG_BASE64.as_bytes(),
        // Corrupted by a transfer in text mode.
        b"\x89PNG\n\x1a\n\0\0\0\x0dIHDR",
        b"\xff",
        &[0; 1000],
        &[0xff; 1000],
    ] {
        assert_refused(picture, NOT_A_PICTURE);
    }
}

/// Pseudorandom numbers, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u8 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0.to_be_bytes()[0]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next()).collect()
    }
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let mut random = Random(1);
    let frame = jpeg(&[frame(SOF0, 640, 480)]);
    let starts = [&PNG[..8], &PNG[..33], &START, &frame[..15]];
    let pictures = [PNG.to_vec(), grey_jpeg()];
    for nth in 0..10_000 {
        let length = usize::from(random.next() % 64);
        let noise = random.bytes(length);
        // On its own, after the start of an image, and replacing a byte of a good one.
        assert!(read(&noise).is_err());
        drop(read(&[starts[nth % 4], &noise].concat()));
        let mut picture = pictures[nth % 2].clone();
        let at = nth / 2 % picture.len();
        picture[at] = random.next();
        if let Ok((width, height)) = read(&picture) {
            assert!(width > 0 && height >= 167, "{width} x {height}");
        }
    }
}

#[test]
fn up_to_two_mebibytes_are_accepted() {
    const MAX: usize = 2_097_152;
    let empty = png(&[png_header(300, 200), chunk(b"IDAT", b"")]).len();
    let of_length = |length: usize| {
        png(&[
            png_header(300, 200),
            chunk(b"IDAT", &vec![7; length - empty]),
        ])
    };
    let largest = of_length(MAX);
    assert_eq!(largest.len(), MAX);
    assert_eq!(read(&largest), Ok((300, 200)));
    assert_refused(
        &of_length(MAX + 1),
        "invalid input: src: must be at most 2097152 bytes, not 2097153",
    );
    // The size is reported whatever the file contains.
    assert_refused(
        &vec![0; MAX + 1000],
        "invalid input: src: must be at most 2097152 bytes, not 2098152",
    );

    let path = temporary("largest.png", &largest);
    let image = AddImage::from_path(id(), &path.0).unwrap();
    assert_eq!(image, AddImage::from_bytes(id(), &largest).unwrap());
    for length in [MAX + 1, MAX + 1000] {
        let path = temporary("too-large.png", &of_length(length));
        assert_eq!(
            AddImage::from_path(id(), &path.0).unwrap_err().to_string(),
            format!(
                "invalid input: src: must be at most 2097152 bytes; {} is larger",
                path.0.display()
            )
        );
    }
}

/// A file that is removed with the test.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

fn temporary(name: &str, bytes: &[u8]) -> Temporary {
    let name = format!("{}-{name}", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    Temporary(path)
}

#[test]
fn from_path_reads_a_file_and_names_one_that_it_cannot_read() {
    for (name, bytes, expected) in [
        ("image-1.png", PNG.to_vec(), Ok((1, 167))),
        // The extension does not matter.
        ("image-2.png", grey_jpeg(), Ok((1, 167))),
        ("image-3.jpg", b"text".to_vec(), Err(NOT_A_PICTURE)),
        ("image-4.jpg", vec![], Err(NOT_A_PICTURE)),
        ("image-5.png", PNG[..60].to_vec(), Err(CUT_PNG)),
    ] {
        let image = AddImage::from_path(id(), &temporary(name, &bytes).0);
        match expected {
            Ok(size) => {
                let image = image.unwrap();
                assert_eq!((image.width(), image.height()), size);
                assert_eq!(image, AddImage::from_bytes(id(), bytes).unwrap());
            }
            Err(message) => assert_eq!(image.unwrap_err().to_string(), message),
        }
    }

    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for path in [directory.join("not-there.png"), directory] {
        let error = AddImage::from_path(id(), &path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let why = std::fs::read(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("invalid input: src: cannot read {}: {why}", path.display())
        );
    }
}

#[test]
fn image_ids_are_1_to_128_letters_digits_and_three_symbols() {
    let all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for good in [all, "a", ".", "..", "-", "_", "0", &"a".repeat(128)] {
        assert_eq!(good.parse::<ImageId>().unwrap().as_str(), good);
    }
    let long = "a".repeat(129);
    for bad in [
        "", " ", "a b", "a/b", "å", "a\"b", "a\\b", "a\n", "a+b", "socks%20", "{a}", &long,
    ] {
        let shown: String = bad.chars().take(60).collect();
        let more = if bad.len() > 60 { "..." } else { "" };
        assert_eq!(
            bad.parse::<ImageId>().unwrap_err().to_string(),
            format!(
                "invalid input: imageId: must be 1 to 128 letters, digits, -, _ and ., not \
                 {shown:?}{more}"
            )
        );
    }
}

/// The id is written into the body without escaping, so one that needs escapes must be refused
/// earlier.
#[test]
fn a_deserialized_id_is_checked_before_sending() {
    let image = |id: &str| json!({"imageId": id, "src": PNG_BASE64, "type": "base64"});
    for bad in [r#"a","src":""#, "a\\", "", &"a".repeat(129)] {
        let id: ImageId = serde_json::from_value(json!(bad)).unwrap();
        let error = AddImage::from_bytes(id, PNG).unwrap_err();
        assert_eq!(error.field_problems()[0].name, "imageId", "{error}");
        let error = serde_json::from_value::<AddImage>(image(bad)).unwrap_err();
        let expected = "invalid input: imageId: must be 1 to 128 letters, digits, -, _ and ., not ";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let error = serde_json::from_value::<AddImage>(image("\u{e5}")).unwrap_err();
    let expected =
        "invalid value: string \"\u{e5}\", expected 1 to 128 letters, digits, -, _ and .";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn only_the_id_and_the_base64_of_the_image_are_sent() {
    for (picture, base64) in [(PNG, PNG_BASE64), (&grey_jpeg(), JPEG_BASE64)] {
        let image = AddImage::from_bytes("A.b-c_1".parse().unwrap(), picture).unwrap();
        let (request, result) = call(json_reply(r#"{"imageId":"A.b-c_1"}"#), |session| {
            order_management::add_image(session, &image)
        });
        let body = format!(r#"{{"imageId":"A.b-c_1","src":"{base64}","type":"base64"}}"#);
        assert_eq!(request, wire("POST /order-management/v1/images", &body));
        assert_eq!(result.unwrap().as_str(), "A.b-c_1");
    }
}

/// A length that is not a multiple of three ends in one or two padding characters.
#[test]
fn base64_of_every_length_is_padded() {
    for (more, end) in [("", "=="), ("a", "="), ("ab", "")] {
        let picture = [&grey_jpeg(), more.as_bytes()].concat();
        let image = AddImage::from_bytes(id(), picture).unwrap();
        let image = serde_json::to_value(&image).unwrap();
        let src = image["src"].as_str().unwrap();
        assert_eq!(src.len(), 216);
        assert_eq!(&src[src.trim_end_matches('=').len()..], end);
    }
}

#[test]
fn debug_is_short() {
    let image = AddImage::from_bytes(id(), png(&[png_header(300, 200)])).unwrap();
    assert_eq!(
        format!("{image:?}"),
        "AddImage(socks-orange-123, 300 x 200 px)"
    );
    assert_eq!(
        format!("{image:#?}"),
        "AddImage(socks-orange-123, 300 x 200 px)"
    );
    assert_eq!(image.image_id().as_str(), "socks-orange-123");
}

#[test]
fn an_image_round_trips_through_serde() {
    for (picture, base64) in [(PNG, PNG_BASE64), (&grey_jpeg(), JPEG_BASE64)] {
        let image = AddImage::from_bytes(id(), picture).unwrap();
        let value = json!({"imageId": "socks-orange-123", "src": base64, "type": "base64"});
        assert_eq!(serde_json::to_value(&image).unwrap(), value);
        assert_eq!(
            serde_json::from_value::<AddImage>(value.clone()).unwrap(),
            image
        );
        let text = serde_json::to_string(&image).unwrap();
        assert_eq!(
            text,
            format!(r#"{{"imageId":"socks-orange-123","src":"{base64}","type":"base64"}}"#)
        );
        assert_eq!(serde_json::from_str::<AddImage>(&text).unwrap(), image);
    }
}

#[test]
fn deserialization_validates_an_image() {
    let good = json!({"imageId": "socks", "src": PNG_BASE64, "type": "base64"});
    let small = "invalid input: src: must be a PNG or a JPEG";
    for (field, value, expected) in [
        ("type", json!("url"), "type: must be base64"),
        ("type", json!("BASE64"), "type: must be base64"),
        ("src", json!("aGVsbG8="), small),
        ("src", json!(""), small),
        (
            "src",
            json!("https://example.com/a.png"),
            "src: must be base64: Invalid symbol 58, offset 5.",
        ),
        ("src", json!(&PNG_BASE64[..80]), CUT_PNG),
        (
            "alt",
            json!("socks"),
            "unknown field `alt`, expected one of `imageId`, `src`, `type`",
        ),
        (
            "imageId",
            Value::Null,
            "invalid type: null, expected a string or a whole number",
        ),
    ] {
        let mut image = good.clone();
        image[field] = value;
        let error = serde_json::from_value::<AddImage>(image).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    for missing in ["imageId", "src", "type"] {
        let mut image = good.clone();
        image.as_object_mut().unwrap().remove(missing);
        let error = serde_json::from_value::<AddImage>(image).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{missing}`"));
    }
}
