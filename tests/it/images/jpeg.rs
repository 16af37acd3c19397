//! What is read from a JPEG.

use super::*;

#[test]
fn every_kind_of_jpeg_frame_is_read() {
    for marker in 0xc0..=0xcf {
        let picture = jpeg(&[frame(marker, 300, 200), scan()]);
        if [DHT, JPG, DAC].contains(&marker) {
            assert_refused(&picture, CUT_JPEG);
        } else {
            assert_eq!(read(&picture), Ok((300, 200)), "{marker:x}");
        }
    }
}

#[test]
fn segments_before_the_frame_are_skipped() {
    // Cameras embed a thumbnail in the EXIF data: a separate JPEG of 160 x 120 px.
    let thumbnail = jpeg(&[tables(), frame(SOF0, 160, 120), scan()]);
    let exif = segment(APP1, &[b"Exif\0\0MM\0*".as_slice(), &thumbnail].concat());
    let frame_in_small = frame(SOF0, 1, 1);
    for (what, before) in [
        ("nothing", vec![]),
        ("EXIF with a thumbnail", vec![exif.clone()]),
        (
            "JFIF, EXIF, XMP and Photoshop",
            vec![
                segment(APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
                exif.clone(),
                segment(APP1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
                segment(APP13, &[b"Photoshop 3.0\0".as_slice(), &thumbnail].concat()),
            ],
        ),
        ("a comment", vec![segment(COM, b"made by hand")]),
        ("an empty comment", vec![segment(COM, b"")]),
        ("the longest comment", vec![segment(COM, &[0xff; 65_533])]),
        ("tables", vec![segment(DQT, &[0x10; 65]), tables()]),
        ("a marker without a segment", vec![vec![0xff, 0x01]]),
        ("a restart marker", vec![vec![0xff, 0xd0]]),
        ("fill bytes", vec![vec![0xff; 5]]),
        (
            "fill bytes and a comment",
            vec![vec![0xff; 2], segment(COM, b"")],
        ),
        // Each contains what looks like a frame header.
        ("DHT", vec![segment(DHT, &frame_in_small[4..])]),
        ("JPG", vec![segment(JPG, &frame_in_small[4..])]),
        ("DAC", vec![segment(DAC, &frame_in_small[4..])]),
    ] {
        for marker in [SOF0, SOF2_PROGRESSIVE] {
            let parts = [
                before.clone(),
                vec![frame(marker, 640, 480), tables(), scan()],
            ];
            let picture = jpeg(&parts.concat());
            assert_eq!(read(&picture), Ok((640, 480)), "{what}");
        }
    }
}

#[test]
fn segments_after_the_frame_are_followed_to_the_end() {
    let restarts = [
        &[0xff, 0x00, 1],
        [0xff, 0xd0, 2].as_slice(),
        &[0xff, 0xd7, 3],
    ]
    .concat();
    for (what, after) in [
        ("stuffing and restarts", vec![scan(), restarts]),
        (
            "several scans",
            vec![tables(), scan(), tables(), scan(), scan()],
        ),
        ("fill bytes before the end", vec![scan(), vec![0xff; 3]]),
        (
            "a comment after the scan",
            vec![scan(), segment(COM, b"late")],
        ),
        (
            "a scan without data",
            vec![segment(SOS, &[1, 1, 0, 0, 63, 0])],
        ),
        // Later frames are the sizes of parts of the image.
        (
            "a frame of a part",
            vec![scan(), frame(0xc5, 10, 10), scan()],
        ),
    ] {
        let picture = jpeg(&[vec![frame(SOF2_PROGRESSIVE, 640, 480)], after].concat());
        assert_eq!(read(&picture), Ok((640, 480)), "{what}");
        // Cameras append more images after the end, and programs append anything.
        let more = [picture.as_slice(), &jpeg(&[frame(SOF0, 1, 1)]), b"more"].concat();
        assert_eq!(read(&more), Ok((640, 480)), "{what}");
    }
}

#[test]
fn a_scan_ends_at_its_marker_whatever_its_length() {
    let picture = |data: &[u8]| jpeg(&[frame(SOF0, 640, 480), scan(), data.to_vec()]);
    let data = [0xff, 0, 0xff, 0xd0, 0xff, 0xd7, 0, 0xfe].repeat(25);
    for at in 0..data.len() {
        let whole = picture(&data[..at]);
        assert_eq!(read(&whole), Ok((640, 480)), "{at}");
        assert_refused(&whole[..whole.len() - 1], CUT_JPEG);
        // The start of another image.
        let start = picture(&[&data[..at], &START, &data[at..]].concat());
        assert_refused(&start, CUT_JPEG);
    }
}

#[test]
fn an_invalid_jpeg_is_refused() {
    let good = frame(SOF0, 640, 480);
    let before = |bytes: &[u8]| jpeg(&[bytes.to_vec(), good.clone(), scan()]);
    let after = |bytes: &[u8]| jpeg(&[good.clone(), bytes.to_vec(), scan()]);
    for (what, picture) in [
        ("start and end only", jpeg(&[])),
        ("no frame", jpeg(&[tables(), scan()])),
        ("scan before the frame", jpeg(&[scan(), good.clone()])),
        ("no scan", jpeg(&[good.clone(), tables()])),
        (
            "a frame too short",
            jpeg(&[segment(SOF0, &[8, 1, 1, 1]), scan()]),
        ),
        ("an empty frame", jpeg(&[segment(SOF0, b""), scan()])),
        ("a length of 0", before(&[0xff, COM, 0, 0])),
        ("a length of 1", before(&[0xff, COM, 0, 1])),
        ("a frame with a length of 0", before(&[0xff, SOF0, 0, 0])),
        ("a length beyond the end", before(&[0xff, COM, 0xff, 0xff])),
        ("no marker", before(&[0x00, COM, 0, 2])),
        ("a marker of 0", before(&[0xff, 0])),
        ("two starts", before(&START)),
        // As if they had segments, which fit.
        ("a marker of 0 with a length", before(&segment(0, b""))),
        ("a start with a length", before(&segment(0xd8, b""))),
        ("a scan with a length of 0", after(&[0xff, SOS, 0, 0])),
        ("a scan with a length of 1", after(&[0xff, SOS, 0, 1])),
        ("the end before the frame", before(&END)),
        ("the end before the scan", after(&END)),
    ] {
        assert_eq!(read(&picture), Err(CUT_JPEG.to_owned()), "{what}");
    }
}
