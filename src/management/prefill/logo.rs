use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;
use crate::model::picture::png_size;

/// The logo of a sales unit: a PNG of at least 100 x 100 px and at most 1000 px on its longer side.
///
/// The API silently drops any other image, so the format and size are checked here.
///
/// Source: the field `salesUnitLogo` of `POST /management/v1/product-orders` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, PartialEq, Eq)]
pub struct SalesUnitLogo {
    base64: String,
    width: u32,
    height: u32,
}

const FIELD: &str = "salesUnitLogo";

/// Allowed length of a side, in pixels.
const SIDE: std::ops::RangeInclusive<u32> = 100..=1000;

/// Far more than any PNG of 1000 x 1000 px needs.
const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

impl SalesUnitLogo {
    /// A logo from the bytes of a PNG file.
    ///
    /// ```
    /// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x80\0\0\0\x80\x01\0\0\0\0\0\0\0\0\
    /// #     \0\0\0\0IEND\xae\x42\x60\x82";
    /// use vipps::management::SalesUnitLogo;
    ///
    /// let logo = SalesUnitLogo::from_bytes(png)?;
    /// assert_eq!((logo.width(), logo.height()), (128, 128));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `salesUnitLogo` if the
    /// bytes are not a complete PNG, or the image is too small or too large.
    pub fn from_bytes(png: impl AsRef<[u8]>) -> Result<Self, Error> {
        let png = png.as_ref();
        let (width, height) = png_size(png).map_err(|reason| Error::input(FIELD, reason))?;
        if !SIDE.contains(&width) || !SIDE.contains(&height) {
            let rule = "must be at least 100 by 100 px and at most 1000 px on its longer side";
            return Err(Error::input(
                FIELD,
                format!("{rule}, not {width} by {height}"),
            ));
        }
        Ok(Self {
            base64: BASE64_STANDARD.encode(png),
            width,
            height,
        })
    }

    /// A logo from a PNG file.
    ///
    /// ```no_run
    /// use vipps::management::SalesUnitLogo;
    ///
    /// let logo = SalesUnitLogo::from_path("logo.png")?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`from_bytes`](Self::from_bytes), or if the file cannot be read.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut png = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut png))
            .map_err(|error| {
                Error::input(FIELD, format!("cannot read {}: {error}", path.display()))
            })?;
        Self::from_bytes(png)
    }

    /// The width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }
}

/// Shows the size instead of the image data.
impl fmt::Debug for SalesUnitLogo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SalesUnitLogo({} x {} px)", self.width, self.height)
    }
}

impl Serialize for SalesUnitLogo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.base64)
    }
}

impl<'de> Deserialize<'de> for SalesUnitLogo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let base64 = String::deserialize(deserializer)?;
        let png = BASE64_STANDARD
            .decode(base64)
            .map_err(|error| D::Error::custom(format_args!("must be base64: {error}")))?;
        // The JSON reader already names the field.
        Self::from_bytes(png).map_err(|error| match error.field_problems() {
            [problem, ..] => D::Error::custom(&problem.reason),
            [] => D::Error::custom(error),
        })
    }
}
