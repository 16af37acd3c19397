//! The logo of a sales unit.

use super::*;

#[test]
fn a_logo_that_the_api_would_show_is_accepted() {
    for (width, height) in [
        (100, 100),
        (1000, 1000),
        (100, 1000),
        (1000, 100),
        (512, 256),
    ] {
        let logo = SalesUnitLogo::from_bytes(png(width, height)).unwrap();
        assert_eq!((logo.width(), logo.height()), (width, height));
        assert_eq!(
            format!("{logo:?}"),
            format!("SalesUnitLogo({width} x {height} px)")
        );
        let text = json!(BASE64_STANDARD.encode(png(width, height)));
        assert_eq!(serde_json::to_value(&logo).unwrap(), text);
        assert_eq!(serde_json::from_value::<SalesUnitLogo>(text).unwrap(), logo);
    }
    // Some programs append data after the image.
    let with_more = [png(100, 100), b"more".to_vec()].concat();
    SalesUnitLogo::from_bytes(with_more).unwrap();
}

#[test]
fn a_logo_that_the_api_would_drop_is_refused() {
    const NO_PNG: &str = "must be a PNG";
    const DAMAGED: &str = "must be a complete PNG; this one is truncated or damaged";
    let size = |size: &str| {
        format!("must be at least 100 by 100 px and at most 1000 px on its longer side, not {size}")
    };
    let mut cases: Vec<(Vec<u8>, String)> = Vec::new();
    for (width, height) in [
        (99, 100),
        (100, 99),
        (1001, 1000),
        (100, 1001),
        (u32::MAX, 100),
    ] {
        cases.push((png(width, height), size(&format!("{width} by {height}"))));
    }
    for other in [
        b"".as_slice(),
        b"\x89PNG",
        b"PNG",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"GIF89a\x64\0\x64\0",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"no picture",
        // A PNG that was transferred as text: its line ends are lost.
        b"\x89PNG\n\x1a\n",
    ] {
        cases.push((other.to_vec(), NO_PNG.to_owned()));
    }
    // A size of zero is damaged, not merely small.
    cases.push((png(0, 0), DAMAGED.to_owned()));
    // Cut anywhere after the signature.
    let good = png(100, 100);
    for length in 8..good.len() {
        cases.push((good[..length].to_vec(), DAMAGED.to_owned()));
    }
    let damaged = |at: usize, bytes: &[u8]| {
        let mut png = good.clone();
        png[at..at + bytes.len()].copy_from_slice(bytes);
        (png, DAMAGED.to_owned())
    };
    // The length of IHDR: too long for the file, larger than any file, too short for a size.
    cases.push(damaged(8, &[0, 0, 1, 0]));
    cases.push(damaged(8, &[0xff, 0xff, 0xff, 0xff]));
    cases.push(damaged(8, &[0, 0, 0, 4]));
    // The length of the chunk after it.
    cases.push(damaged(33, &[0x7f, 0xff, 0xff, 0xff]));
    cases.push(damaged(33, &[0, 0, 0, 11]));
    // Another chunk in place of IHDR.
    cases.push(damaged(12, b"IEND"));
    cases.push(damaged(12, b"iHDR"));

    // Whole chunks, but with the text chunk before IHDR.
    let (header, text) = (&good[8..33], &good[33..57]);
    let swapped = [&good[..8], text, header, &good[57..]].concat();
    assert_eq!(&swapped[12..16], b"tEXt");
    cases.push((swapped, DAMAGED.to_owned()));

    for (bytes, reason) in cases {
        let message = format!("invalid input: salesUnitLogo: {reason}");
        assert_eq!(refusal(SalesUnitLogo::from_bytes(&bytes)), message);
        let saved = json!(BASE64_STANDARD.encode(&bytes));
        let error = serde_json::from_value::<SalesUnitLogo>(saved).unwrap_err();
        assert_eq!(error.to_string(), reason);
    }
    let error = serde_json::from_value::<SalesUnitLogo>(json!("no base64!")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "must be base64: Invalid symbol 32, offset 2."
    );
}

#[test]
fn a_logo_is_read_from_a_file() {
    let name = format!("vipps-logo-{}.png", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, png(300, 200)).unwrap();
    let logo = SalesUnitLogo::from_path(&path);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        logo.unwrap(),
        SalesUnitLogo::from_bytes(png(300, 200)).unwrap()
    );

    let missing = std::fs::read(&path).unwrap_err();
    assert_eq!(
        refusal(SalesUnitLogo::from_path(&path)),
        format!(
            "invalid input: salesUnitLogo: cannot read {}: {missing}",
            path.display()
        )
    );
}
