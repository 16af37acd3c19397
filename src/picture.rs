//! Reads as much of a picture as it takes to tell whether the service would show it.

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Width and height of a PNG in pixels, or why it is none. Follows the chunks to the end: half a file is no picture.
pub(crate) fn png_size(bytes: &[u8]) -> Result<(u32, u32), &'static str> {
    let Some(mut rest) = bytes.strip_prefix(PNG_SIGNATURE) else {
        return Err("must be a PNG");
    };
    let mut size = None;
    loop {
        const DAMAGED: &str = "must be a complete PNG; this one is cut or damaged";
        let (&length, tail) = rest.split_first_chunk::<4>().ok_or(DAMAGED)?;
        let (name, tail) = tail.split_first_chunk::<4>().ok_or(DAMAGED)?;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| DAMAGED)?;
        let (data, tail) = tail.split_at_checked(length).ok_or(DAMAGED)?;
        let (_checksum, tail) = tail.split_first_chunk::<4>().ok_or(DAMAGED)?;
        match (name, size) {
            (b"IHDR", None) => {
                let (&width, data) = data.split_first_chunk::<4>().ok_or(DAMAGED)?;
                let (&height, _) = data.split_first_chunk::<4>().ok_or(DAMAGED)?;
                size = Some((u32::from_be_bytes(width), u32::from_be_bytes(height)));
            }
            (b"IEND", Some(size)) => return Ok(size),
            (_, None) => return Err(DAMAGED),
            _ => {}
        }
        rest = tail;
    }
}
