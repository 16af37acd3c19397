//! Parses images just far enough to know their size and that they are complete.

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Width and height of a PNG in pixels, or why it is not valid. Follows the chunks to the end, so
/// that a truncated file is refused.
pub(crate) fn png_size(bytes: &[u8]) -> Result<(u32, u32), &'static str> {
    let Some(mut rest) = bytes.strip_prefix(PNG_SIGNATURE) else {
        return Err("must be a PNG");
    };
    let mut size = None;
    loop {
        const DAMAGED: &str = "must be a complete PNG; this one is truncated or damaged";
        let (&length, tail) = rest.split_first_chunk::<4>().ok_or(DAMAGED)?;
        let (name, tail) = tail.split_first_chunk::<4>().ok_or(DAMAGED)?;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| DAMAGED)?;
        let (data, tail) = tail.split_at_checked(length).ok_or(DAMAGED)?;
        let (_checksum, tail) = tail.split_first_chunk::<4>().ok_or(DAMAGED)?;
        match (name, size) {
            (b"IHDR", None) => {
                let (&width, data) = data.split_first_chunk::<4>().ok_or(DAMAGED)?;
                let (&height, _) = data.split_first_chunk::<4>().ok_or(DAMAGED)?;
                let (width, height) = (u32::from_be_bytes(width), u32::from_be_bytes(height));
                if width == 0 || height == 0 {
                    return Err(DAMAGED);
                }
                size = Some((width, height));
            }
            (b"IEND", Some(size)) => return Ok(size),
            (_, None) => return Err(DAMAGED),
            _ => {}
        }
        rest = tail;
    }
}

/// Width and height of a PNG or JPEG in pixels, or why it is not valid.
pub(crate) fn picture_size(bytes: &[u8]) -> Result<(u32, u32), &'static str> {
    if bytes.starts_with(PNG_SIGNATURE) {
        png_size(bytes)
    } else if bytes.starts_with(b"\xff\xd8") {
        jpeg_size(bytes)
    } else {
        Err("must be a PNG or a JPEG")
    }
}

/// Follows the segments from the first marker to the last: metadata may precede the frame header,
/// and a truncated file is refused.
fn jpeg_size(bytes: &[u8]) -> Result<(u32, u32), &'static str> {
    const DAMAGED: &str = "must be a complete JPEG; this one is truncated or damaged";

    let mut rest = bytes.get(2..).ok_or(DAMAGED)?;
    let mut size = None;
    let mut has_scan = false;
    loop {
        let (&mark, tail) = rest.split_first().ok_or(DAMAGED)?;
        if mark != 0xff {
            return Err(DAMAGED);
        }
        let (&marker, tail) = tail.split_first().ok_or(DAMAGED)?;
        match (marker, size) {
            // Any number of 0xff may precede a marker.
            (0xff, _) => {
                rest = rest.get(1..).ok_or(DAMAGED)?;
                continue;
            }
            // Markers without a segment.
            (0x01 | 0xd0..=0xd7, _) => {
                rest = tail;
                continue;
            }
            (0xd9, Some(size)) if has_scan => return Ok(size),
            // Not a marker, a second start, an end without an image, or a scan without a frame
            // header.
            (0x00 | 0xd8 | 0xd9, _) | (0xda, None) => return Err(DAMAGED),
            _ => {}
        }
        let (&length, _) = tail.split_first_chunk::<2>().ok_or(DAMAGED)?;
        let length = usize::from(u16::from_be_bytes(length));
        let (segment, tail) = tail.split_at_checked(length).ok_or(DAMAGED)?;
        if length < 2 {
            return Err(DAMAGED);
        }
        rest = tail;
        // All frame headers, baseline and progressive; 0xc4, 0xc8 and 0xcc are other segments.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let &[_, _, _, h1, h2, w1, w2, ..] = segment else {
                return Err(DAMAGED);
            };
            // A height of 0 would be defined after the first scan, which no current program writes.
            if (w1, w2) == (0, 0) || (h1, h2) == (0, 0) {
                return Err(DAMAGED);
            }
            let number = |high, low| u32::from(u16::from_be_bytes([high, low]));
            size = size.or(Some((number(w1, w2), number(h1, h2))));
        }
        if marker == 0xda {
            has_scan = true;
            rest = after_scan(rest).ok_or(DAMAGED)?;
        }
    }
}

/// The rest from the marker that ends a scan. Within a scan, 0xff is followed by 0 or by a restart
/// number.
fn after_scan(mut data: &[u8]) -> Option<&[u8]> {
    // Branch-free, so that a block compiles to a few vector instructions.
    let is_marker = |mark: u8, next: u8| (mark == 0xff) & (next != 0) & (next & 0xf8 != 0xd0);
    while let Some(block) = data.first_chunk::<65>() {
        let ([marks @ .., _], [_, nexts @ ..]) = (block, block);
        let pairs = marks.iter().zip(nexts);
        if pairs.fold(false, |found, (mark, next)| found | is_marker(*mark, *next)) {
            break;
        }
        data = data.get(64..)?;
    }
    let mut pairs = data.iter().zip(data.get(1..)?);
    let length = pairs.position(|(mark, next)| is_marker(*mark, *next))?;
    data.get(length..)
}
