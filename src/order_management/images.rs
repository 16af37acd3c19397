use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::identifier::{identifier, is_id_byte, is_made_of};
use crate::model::picture::picture_size;
use crate::request::{Reply, RequestBuilder};
use crate::{Error, ErrorKind, Problem, Session};

/// Uploads an image, PNG or JPEG, for the categories of any number of orders.
///
/// Gives the id to use from now on, which is the one in the API's answer, or the image's own where the answer
/// has none. An id can never be used for another image.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\xa7\x08\0\0\0\0\xf5\x3b\x69\xa6\
/// #     \0\0\0\x0eIDAT\x78\xda\x63\x68\x60\x18\x85\x54\x83\0\x7c\xf8\x53\x81\x73\xf7\x57\x6f\
/// #     \0\0\0\0IEND\xae\x42\x60\x82";
/// use vipps::order_management::{AddImage, add_image};
///
/// let image_id = add_image(&session, &AddImage::from_bytes("acme-logo-1".parse()?, png)?)?;
/// println!("{image_id}");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v1/images` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if there is an image of this id.
/// [`ensure_image`] is the call that may be made again.
pub fn add_image(session: &Session, image: &AddImage) -> Result<ImageId, Error> {
    answered_id(&upload(session, image).send()?, image)
}

/// Uploads a picture unless there is one with this id already, and gives the id to use.
///
/// As [`add_image`], but it may be called any number of times: an image that exists is fine, and
/// where the outcome of an upload is unknown, it is sent again as often as the session's
/// [`RetryPolicy`](crate::RetryPolicy) allows, within its timeout.
///
/// An image can be neither replaced nor read back, so the existing picture may be another one: use
/// a new id for a new picture.
///
/// ```
/// use vipps::order_management::{
///     AddImage, Category, CategoryType, OrderRef, ensure_image, put_category,
/// };
/// # fn demo(session: &vipps::Session, png: &[u8]) -> Result<(), vipps::Error> {
///
/// let image_id = ensure_image(session, &AddImage::from_bytes("acme-logo-1".parse()?, png)?)?;
/// let category = Category::new(CategoryType::Delivery, "https://example.com/track/123");
/// let order = OrderRef::ecom("order-123".parse()?);
/// put_category(session, &order, &category.image_id(image_id))?;
/// # Ok(())
/// # }
/// ```
///
/// `POST /order-management/v1/images` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
pub fn ensure_image(session: &Session, image: &AddImage) -> Result<ImageId, Error> {
    let deadline = session.deadline();
    // Whether an attempt before this one may have added the image.
    let mut in_doubt = false;
    let mut number = 1;
    loop {
        let reply = upload(session, image).deadline(&deadline).send();
        let error = match reply.and_then(|reply| answered_id(&reply, image)) {
            Ok(id) => return Ok(id),
            Err(error) => error.after_doubt(in_doubt),
        };
        let is_of_gateway = error.problem().is_some_and(Problem::is_of_gateway);
        if error.kind() == ErrorKind::AlreadyExists && !is_of_gateway {
            return Ok(image.image_id.clone());
        }
        if !error.leaves_doubt() {
            return Err(error);
        }
        in_doubt = true;
        if !session.back_off(number, &deadline, &error) {
            return Err(error.with_retryable(true));
        }
        number += 1;
    }
}

fn upload<'a>(session: &'a Session, image: &'a AddImage) -> RequestBuilder<'a> {
    session
        .request("POST", "/order-management/v1/images")
        .needs_msn()
        .duplicate_means_exists()
        .body("application/json", image.body.as_bytes())
}

/// The id that the reply gives, or the image's own where it gives none.
fn answered_id(reply: &Reply, image: &AddImage) -> Result<ImageId, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Added {
        image_id: Option<ImageId>,
    }

    let answered = match reply.is_empty() {
        true => None,
        false => reply.json::<Added>()?.image_id,
    };
    let answered = answered.filter(|id| !id.as_str().is_empty());
    Ok(answered.unwrap_or_else(|| image.image_id.clone()))
}

identifier! {
    /// The id of a picture: 1 to 128 letters, digits and `-`, `_`, `.`, `^[0-9A-Za-z-_\.]+$`.
    pub struct ImageId { field: "imageId", check: is_image_id, rule: "1 to 128 letters, digits, -, _ and ." }
}

/// A picture to [upload](add_image): PNG or JPEG, at least 167 px high, at most 2 MB.
///
/// The picture's header is read when this is made, so that a picture that the service would not show is an error here. What is sent is
/// built at once, in one buffer, and the picture's bytes are not kept beside it.
///
/// Source: the schema `Image` of the Order Management API.
#[derive(Clone, PartialEq, Eq)]
pub struct AddImage {
    image_id: ImageId,
    /// `{"imageId":"...","src":"...","type":"base64"}`
    body: String,
    /// Where the picture stands in it.
    src: std::ops::Range<usize>,
    width: u32,
    height: u32,
}

const FIELD: &str = "src";
const MIN_HEIGHT: u32 = 167;
const MAX_BYTES: usize = 2 * 1024 * 1024;

impl AddImage {
    /// Reads the picture's header and builds what is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `src` if the bytes are neither a complete PNG nor a complete JPEG, less than 167 px high, or
    /// more than 2 MB (2 097 152 bytes); naming `imageId` if the id is not one.
    pub fn from_bytes(image_id: ImageId, picture: impl AsRef<[u8]>) -> Result<Self, Error> {
        let picture = picture.as_ref();
        let image_id = ImageId::new(image_id.as_str())?;
        if picture.len() > MAX_BYTES {
            let reason = format!("must be at most {MAX_BYTES} bytes, not {}", picture.len());
            return Err(Error::input(FIELD, reason));
        }
        let (width, height) = picture_size(picture).map_err(|why| Error::input(FIELD, why))?;
        if height < MIN_HEIGHT {
            let reason = format!("must be at least {MIN_HEIGHT} px high, not {height}");
            return Err(Error::input(FIELD, reason));
        }
        // Neither the id's letters nor those of base64 need escapes.
        let before = format!(r#"{{"imageId":"{image_id}","src":""#);
        let after = r#"","type":"base64"}"#;
        let length = picture.len().div_ceil(3) * 4;
        let mut body = String::with_capacity(before.len() + length + after.len());
        body.push_str(&before);
        BASE64_STANDARD.encode_string(picture, &mut body);
        body.push_str(after);
        Ok(Self {
            image_id,
            src: before.len()..before.len() + length,
            body,
            width,
            height,
        })
    }

    /// As [`from_bytes`](Self::from_bytes), from a file.
    ///
    /// # Errors
    ///
    /// As for [`from_bytes`](Self::from_bytes), also if the file cannot be read.
    pub fn from_path(image_id: ImageId, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut picture = Vec::new();
        File::open(path)
            // One byte more than allowed is enough to refuse it.
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut picture))
            .map_err(|error| {
                Error::input(FIELD, format!("cannot read {}: {error}", path.display()))
            })?;
        if picture.len() > MAX_BYTES {
            // How much more is not known: the rest was not read.
            let rule = format!("must be at most {MAX_BYTES} bytes");
            let reason = format!("{rule}, and {} has more", path.display());
            return Err(Error::input(FIELD, reason));
        }
        Self::from_bytes(image_id, picture)
    }

    /// The id that it is uploaded under.
    pub fn image_id(&self) -> &ImageId {
        &self.image_id
    }

    /// Its width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Its height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }
}

/// The picture is long, and its size says what a person wants to know.
impl fmt::Debug for AddImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, width, height) = (&self.image_id, self.width, self.height);
        write!(f, "AddImage({id}, {width} x {height} px)")
    }
}

impl Serialize for AddImage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let src = self.body.get(self.src.clone()).unwrap_or_default();
        let mut image = serializer.serialize_struct("AddImage", 3)?;
        image.serialize_field("imageId", &self.image_id)?;
        image.serialize_field("src", src)?;
        image.serialize_field("type", "base64")?;
        image.end()
    }
}

/// Reading checks as [`from_bytes`](AddImage::from_bytes) does, and refuses unknown fields.
impl<'de> Deserialize<'de> for AddImage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Image {
            image_id: ImageId,
            src: String,
            r#type: String,
        }

        let image = Image::deserialize(deserializer)?;
        if image.r#type != "base64" {
            return Err(D::Error::custom("type: must be base64"));
        }
        let picture = BASE64_STANDARD
            .decode(image.src)
            .map_err(|error| D::Error::custom(format!("{FIELD}: must be base64: {error}")))?;
        Self::from_bytes(image.image_id, picture).map_err(D::Error::custom)
    }
}

fn is_image_id(value: &str) -> bool {
    is_made_of(value, 1, 128, is_id_byte)
}
