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

/// Uploads a PNG or JPEG image for use in the categories of any number of orders.
///
/// Returns the id to use in categories: the one in the API's reply, or the requested id if the
/// reply has none. An image cannot be replaced, so a new image needs a new id.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\xa7\x08\0\0\0\0\xf5\x3b\x69\xa6\
/// #     \0\0\0\x0eIDAT\x78\xda\x63\x68\x60\x18\x85\x54\x83\0\x7c\xf8\x53\x81\x73\xf7\x57\x6f\
/// #     \0\0\0\0IEND\xae\x42\x60\x82";
/// use vipps::order_management::{AddImage, add_image};
///
/// let logo = AddImage::from_bytes("acme-logo-1".parse()?, png)?;
/// let image_id = add_image(&session, &logo)?;
/// println!("{image_id}");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v1/images` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if an image with this id already
/// exists. [`ensure_image`] treats that as success.
pub fn add_image(session: &Session, image: &AddImage) -> Result<ImageId, Error> {
    returned_id(&upload(session, image).send()?, image)
}

/// Uploads an image unless its id is already taken, and returns the id to use.
///
/// Like [`add_image`], but safe to call any number of times: an existing image counts as success,
/// and an upload with an unknown outcome is retried as often as the session's
/// [`RetryPolicy`](crate::RetryPolicy) allows, within its timeout.
///
/// Images can be neither replaced nor read back, so an existing image with this id may be a
/// different one. Use a new id for a new image.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\xa7\x08\0\0\0\0\xf5\x3b\x69\xa6\
/// #     \0\0\0\x0eIDAT\x78\xda\x63\x68\x60\x18\x85\x54\x83\0\x7c\xf8\x53\x81\x73\xf7\x57\x6f\
/// #     \0\0\0\0IEND\xae\x42\x60\x82";
/// use vipps::order_management::{
///     AddImage, Category, CategoryType, OrderRef, ensure_image, put_category,
/// };
///
/// let logo = AddImage::from_bytes("acme-logo-1".parse()?, png)?;
/// let image_id = ensure_image(&session, &logo)?;
///
/// let order = OrderRef::ecom("order-123".parse()?);
/// let url = "https://example.com/track/123";
/// let tracking = Category::new(CategoryType::Delivery, url).image_id(image_id);
/// put_category(&session, &order, &tracking)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v1/images` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
pub fn ensure_image(session: &Session, image: &AddImage) -> Result<ImageId, Error> {
    let deadline = session.deadline();
    // Whether an earlier attempt may have added the image.
    let mut in_doubt = false;
    let mut number = 1;
    loop {
        let reply = upload(session, image).deadline(&deadline).send();
        let error = match reply.and_then(|reply| returned_id(&reply, image)) {
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

/// The id in the reply, or the requested id if the reply has none.
fn returned_id(reply: &Reply, image: &AddImage) -> Result<ImageId, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Added {
        image_id: Option<ImageId>,
    }

    let returned = match reply.is_empty() {
        true => None,
        false => reply.json::<Added>()?.image_id,
    };
    let returned = returned.filter(|id| !id.as_str().is_empty());
    Ok(returned.unwrap_or_else(|| image.image_id.clone()))
}

identifier! {
    /// The id of an image: 1 to 128 letters, digits, `-`, `_` and `.`, `^[0-9A-Za-z-_\.]+$`.
    ///
    /// ```
    /// use vipps::order_management::ImageId;
    ///
    /// let id: ImageId = "socks-orange-123".parse()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// Source: the field `imageId` of the schema `Image` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub struct ImageId {
        field: "imageId",
        check: is_image_id,
        rule: "1 to 128 letters, digits, -, _ and ."
    }
}

/// An image to [upload](add_image): a PNG or JPEG, at least 167 px high and at most 2 MB.
///
/// The format and size are checked on construction, so that an image that the API would not show is
/// an error right away. Only the encoded request body is kept, not the image itself.
///
/// ```
/// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\xa7\x08\0\0\0\0\xf5\x3b\x69\xa6\
/// #     \0\0\0\x0eIDAT\x78\xda\x63\x68\x60\x18\x85\x54\x83\0\x7c\xf8\x53\x81\x73\xf7\x57\x6f\
/// #     \0\0\0\0IEND\xae\x42\x60\x82";
/// use vipps::order_management::AddImage;
///
/// let logo = AddImage::from_bytes("acme-logo-1".parse()?, png)?;
/// assert_eq!(logo.image_id().as_str(), "acme-logo-1");
/// assert_eq!((logo.width(), logo.height()), (1, 167));
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `Image` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, PartialEq, Eq)]
#[doc(alias = "Image")]
pub struct AddImage {
    image_id: ImageId,
    /// `{"imageId":"...","src":"...","type":"base64"}`
    body: String,
    /// The range of the base64 text in `body`.
    src: std::ops::Range<usize>,
    width: u32,
    height: u32,
}

const FIELD: &str = "src";
const MIN_HEIGHT: u32 = 167;
const MAX_BYTES: usize = 2 * 1024 * 1024;

impl AddImage {
    /// An image from the bytes of a PNG or JPEG file.
    ///
    /// ```
    /// use vipps::order_management::AddImage;
    ///
    /// let id = "acme-logo-1".parse()?;
    /// let error = AddImage::from_bytes(id, b"GIF89a").unwrap_err();
    /// assert_eq!(error.to_string(), "invalid input: src: must be a PNG or a JPEG");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `src` if the bytes are
    /// not a complete PNG or JPEG, are more than 2 MB (2 097 152 bytes), or hold an image less than
    /// 167 px high; naming `imageId` if the id is invalid.
    pub fn from_bytes(image_id: ImageId, bytes: impl AsRef<[u8]>) -> Result<Self, Error> {
        let bytes = bytes.as_ref();
        let image_id = ImageId::new(image_id.as_str())?;
        if bytes.len() > MAX_BYTES {
            let reason = format!("must be at most {MAX_BYTES} bytes, not {}", bytes.len());
            return Err(Error::input(FIELD, reason));
        }
        let (width, height) = picture_size(bytes).map_err(|why| Error::input(FIELD, why))?;
        if height < MIN_HEIGHT {
            let reason = format!("must be at least {MIN_HEIGHT} px high, not {height}");
            return Err(Error::input(FIELD, reason));
        }
        // Neither the id nor base64 needs JSON escapes.
        let before = format!(r#"{{"imageId":"{image_id}","src":""#);
        let after = r#"","type":"base64"}"#;
        let length = bytes.len().div_ceil(3) * 4;
        let mut body = String::with_capacity(before.len() + length + after.len());
        body.push_str(&before);
        BASE64_STANDARD.encode_string(bytes, &mut body);
        body.push_str(after);
        Ok(Self {
            image_id,
            src: before.len()..before.len() + length,
            body,
            width,
            height,
        })
    }

    /// An image from a PNG or JPEG file.
    ///
    /// ```no_run
    /// use vipps::order_management::AddImage;
    ///
    /// let logo = AddImage::from_path("acme-logo-1".parse()?, "logo.png")?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`from_bytes`](Self::from_bytes), or if the file cannot be read.
    pub fn from_path(image_id: ImageId, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut bytes = Vec::new();
        File::open(path)
            // One byte over the limit is enough to refuse the file.
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| {
                Error::input(FIELD, format!("cannot read {}: {error}", path.display()))
            })?;
        if bytes.len() > MAX_BYTES {
            let rule = format!("must be at most {MAX_BYTES} bytes");
            let reason = format!("{rule}; {} is larger", path.display());
            return Err(Error::input(FIELD, reason));
        }
        Self::from_bytes(image_id, bytes)
    }

    /// The id that the image is uploaded under.
    pub fn image_id(&self) -> &ImageId {
        &self.image_id
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

/// Shows the id and size instead of the image data.
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

/// Checks as [`from_bytes`](AddImage::from_bytes) does, and rejects unknown fields.
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
        let bytes = BASE64_STANDARD
            .decode(image.src)
            .map_err(|error| D::Error::custom(format!("{FIELD}: must be base64: {error}")))?;
        Self::from_bytes(image.image_id, bytes).map_err(D::Error::custom)
    }
}

fn is_image_id(value: &str) -> bool {
    is_made_of(value, 1, 128, is_id_byte)
}
