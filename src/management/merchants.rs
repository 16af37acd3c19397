use serde::{Deserialize, Serialize};

use crate::error::problem::FieldProblem;
use crate::model::identifier::{BLANKS, is_made_of, ungrouped};
use crate::model::lenient::{short_list, text_or_number};
use crate::model::open_enum::open_enum;
use crate::request::RequestBuilder;
use crate::{Error, Session};

/// Gets the name, status and addresses of a merchant by its business identifier.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{BusinessIdentifier, get_merchant};
///
/// let id = BusinessIdentifier::norway("987654321")?;
/// let merchant = get_merchant(&session, &id)?;
/// println!("{}, active: {}", merchant.name, merchant.is_active());
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v1/merchants/{scheme}/{id}` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the merchant does not exist, is not
/// active, or has not agreed to share its data with the partner that the keys belong to.
pub fn get_merchant(session: &Session, merchant: &BusinessIdentifier) -> Result<Merchant, Error> {
    request(session, merchant).send()?.json()
}

pub(super) fn request<'a>(
    session: &'a Session,
    merchant: &BusinessIdentifier,
) -> RequestBuilder<'a> {
    session
        .request("GET", "/management/v1/merchants")
        .segment("scheme", &merchant.scheme)
        .segment("id", &merchant.id)
}

/// A business identifier: a company's number in its national register.
///
/// ```
/// use vipps::management::BusinessIdentifier;
///
/// let merchant = BusinessIdentifier::norway("987654321")?;
/// assert_eq!(merchant.scheme(), "business:NO:ORG");
/// assert_eq!(merchant, BusinessIdentifier::norway("987 654 321")?);
/// assert_eq!(merchant, BusinessIdentifier::new("business:NO:ORG", "987654321")?);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `BusinessIdentifier` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BusinessIdentifier {
    scheme: String,
    #[serde(deserialize_with = "text_or_number")]
    id: String,
}

impl BusinessIdentifier {
    /// An identifier of any scheme (10 to 30 visible ASCII characters) with a number of 4 to 50
    /// digits and hyphens, `^[\d-]{4,50}$`.
    ///
    /// [`norway`](Self::norway), [`denmark`](Self::denmark) and [`finland`](Self::finland) also
    /// check the number's national format.
    ///
    /// ```
    /// use vipps::management::BusinessIdentifier;
    ///
    /// let merchant = BusinessIdentifier::new("business:DK:CVR", "12345678")?;
    /// assert_eq!(merchant, BusinessIdentifier::denmark("12345678")?);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming
    /// `businessIdentifier.scheme` or `businessIdentifier.id`.
    pub fn new(scheme: impl Into<String>, id: impl Into<String>) -> Result<Self, Error> {
        let (scheme, id) = (scheme.into(), id.into());
        let identifier = Self { scheme, id };
        Error::from_problems(identifier.problem().into_iter().collect())?;
        Ok(identifier)
    }

    /// A Norwegian organization number (`business:NO:ORG`): 9 digits, with or without spaces.
    ///
    /// ```
    /// use vipps::management::BusinessIdentifier;
    ///
    /// let merchant = BusinessIdentifier::norway("987 654 321")?;
    /// assert_eq!(merchant.id(), "987654321");
    /// assert!(BusinessIdentifier::norway("98765432").is_err());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `businessIdentifier.id`.
    #[doc(alias = "organization number")]
    #[doc(alias = "business:NO:ORG")]
    pub fn norway(organisation_number: impl AsRef<str>) -> Result<Self, Error> {
        let is_number = |number: &str| is_made_of(number, 9, 9, |b| b.is_ascii_digit());
        Self::of(
            "business:NO:ORG",
            organisation_number.as_ref(),
            is_number,
            "9 digits",
        )
    }

    /// A Danish CVR number (`business:DK:CVR`): 8 digits, with or without spaces.
    ///
    /// ```
    /// use vipps::management::BusinessIdentifier;
    ///
    /// let merchant = BusinessIdentifier::denmark("12 34 56 78")?;
    /// assert_eq!(merchant.id(), "12345678");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `businessIdentifier.id`.
    #[doc(alias = "CVR")]
    #[doc(alias = "business:DK:CVR")]
    pub fn denmark(cvr: impl AsRef<str>) -> Result<Self, Error> {
        let is_number = |number: &str| is_made_of(number, 8, 8, |b| b.is_ascii_digit());
        Self::of("business:DK:CVR", cvr.as_ref(), is_number, "8 digits")
    }

    /// A Finnish business ID (`business:FI:Y-tunnus`): 7 digits, a hyphen and a check digit.
    ///
    /// ```
    /// use vipps::management::BusinessIdentifier;
    ///
    /// let merchant = BusinessIdentifier::finland("1234567-8")?;
    /// assert_eq!(merchant.scheme(), "business:FI:Y-tunnus");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `businessIdentifier.id`.
    #[doc(alias = "Y-tunnus")]
    #[doc(alias = "business:FI:Y-tunnus")]
    pub fn finland(y_tunnus: impl AsRef<str>) -> Result<Self, Error> {
        let is_number = |number: &str| {
            let digits = |part, count| is_made_of(part, count, count, |b| b.is_ascii_digit());
            let parts = number.split_once('-');
            parts.is_some_and(|(number, check)| digits(number, 7) && digits(check, 1))
        };
        let rule = "7 digits, a hyphen and a digit";
        Self::of("business:FI:Y-tunnus", y_tunnus.as_ref(), is_number, rule)
    }

    /// The scheme, such as `business:NO:ORG`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The number, such as `987654321`.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn of(
        scheme: &str,
        number: &str,
        is_number: impl Fn(&str) -> bool,
        rule: &str,
    ) -> Result<Self, Error> {
        let id = ungrouped(number, &BLANKS);
        if !is_number(&id) {
            let rule = format!("must be {rule}");
            return Err(Error::invalid("businessIdentifier.id", &rule, number));
        }
        Self::new(scheme, id)
    }

    /// Checked again before sending, as deserializing does not validate.
    pub(super) fn problem(&self) -> Option<FieldProblem> {
        if !is_made_of(&self.scheme, 10, 30, |b| b.is_ascii_graphic()) {
            let rule = "must be 10 to 30 characters such as business:NO:ORG";
            return Some(FieldProblem::invalid(
                "businessIdentifier.scheme",
                rule,
                &self.scheme,
            ));
        }
        if !is_made_of(&self.id, 4, 50, |b| b.is_ascii_digit() || b == b'-') {
            let rule = "must be 4 to 50 digits and hyphens";
            return Some(FieldProblem::invalid(
                "businessIdentifier.id",
                rule,
                &self.id,
            ));
        }
        None
    }
}

/// A merchant: the company that owns sales units.
///
/// Source: the schema `Merchant` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Merchant {
    /// The company's number in its national register.
    #[doc(alias = "businessIdentifier")]
    pub business_identifier: BusinessIdentifier,
    /// The merchant's name, 1 to 50 characters.
    pub name: String,
    /// Whether the merchant is active.
    pub status: MerchantStatus,
    /// When the merchant was created, in RFC 3339, such as `2022-09-02T06:45:25.921251Z`.
    #[doc(alias = "createdAt")]
    pub created_at: String,
    /// When the merchant was last updated, in RFC 3339.
    #[doc(alias = "updatedAt")]
    pub updated_at: String,
    /// The country as a two-letter ISO 3166-1 code, such as `NO`.
    #[doc(alias = "countryCode")]
    pub country_code: String,
    /// The visiting address.
    #[doc(alias = "businessAddress")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_address: Option<Address>,
    /// The postal address.
    #[doc(alias = "businessPostAddress")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_post_address: Option<Address>,
}

impl Merchant {
    /// Whether the merchant's status is [`MerchantStatus::Active`].
    pub fn is_active(&self) -> bool {
        self.status == MerchantStatus::Active
    }
}

open_enum! {
    /// Whether a merchant is active.
    ///
    /// Source: the field `status` of the schema `Merchant` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub enum MerchantStatus {
        field: "status",
        /// The merchant can take payments.
        Active = "ACTIVE",
        /// The merchant cannot take payments.
        Deactivated = "DEACTIVATED",
    }
}

/// An address of a merchant.
///
/// Source: the schema `Address` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Address {
    /// Street and number, at most 30 characters per line.
    #[serde(default, deserialize_with = "short_list")]
    pub lines: Vec<String>,
    /// The postal code, at most 20 characters.
    #[doc(alias = "postCode")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    /// The city, at most 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The country as a two-letter ISO 3166-1 code, such as `NO`.
    #[doc(alias = "countryCode")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
}
