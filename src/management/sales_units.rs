use serde::{Deserialize, Serialize};

use super::merchants::{self, BusinessIdentifier};
use crate::error::problem::FieldProblem;
use crate::model::identifier::{BLANKS, is_made_of, ungrouped};
use crate::model::lenient::{null_as_default, text_or_number};
use crate::model::open_enum::open_enum;
use crate::{Error, Msn, Session};

/// Lists the MSN and name of every sales unit that the keys have access to.
///
/// A partner's keys list all sales units that are connected to the partner. Call
/// [`get_sales_unit`] for the details of each.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// for unit in vipps::management::list_sales_units(&session)? {
///     println!("{} {}", unit.msn, unit.name);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v1/sales-units` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
pub fn list_sales_units(session: &Session) -> Result<Vec<SalesUnitSummary>, Error> {
    session
        .request("GET", "/management/v1/sales-units")
        .send()?
        .list(LIST, WRAPPED_AS)
}

/// Lists the sales units of one merchant.
///
/// A partner's keys list only those that are connected to the partner.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{BusinessIdentifier, list_merchant_sales_units};
///
/// let merchant = BusinessIdentifier::norway("987654321")?;
/// for unit in list_merchant_sales_units(&session, &merchant)? {
///     println!("{} {}", unit.msn, unit.name);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v1/merchants/{scheme}/{id}/sales-units` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the merchant does not exist or is not
/// active.
pub fn list_merchant_sales_units(
    session: &Session,
    merchant: &BusinessIdentifier,
) -> Result<Vec<SalesUnitSummary>, Error> {
    merchants::request(session, merchant)
        .path("/sales-units")
        .send()?
        .list(LIST, WRAPPED_AS)
}

const LIST: &str = "a list of sales units";

/// Older API documentation shows the list as `{"salesUnits": [...]}`.
const WRAPPED_AS: &str = "salesUnits";

/// Gets the configuration and other details of a sales unit by its MSN (4 to 10 digits).
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// let unit = vipps::management::get_sales_unit(&session, &"123456".parse()?)?;
/// println!("{} {:?}", unit.name, unit.configuration.payment_allowed);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v1/sales-units/{msn}` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the sales unit does not exist, is not
/// active, or is not accessible with these keys.
pub fn get_sales_unit(session: &Session, msn: &Msn) -> Result<SalesUnit, Error> {
    session
        .request("GET", "/management/v1/sales-units")
        .segment("msn", msn)
        .send()?
        .json()
}

/// The MSN and name of a sales unit, as lists return it.
///
/// Source: the schema `MsnInfo` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[doc(alias = "MsnInfo")]
pub struct SalesUnitSummary {
    /// The merchant serial number.
    pub msn: Msn,
    /// The sales unit's name, at most 50 characters. Empty if there is none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
}

/// A sales unit with its settlement account and configuration.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{CaptureType, get_sales_unit, list_sales_units};
///
/// for summary in list_sales_units(&session)? {
///     let unit = get_sales_unit(&session, &summary.msn)?;
///     let configuration = &unit.configuration;
///     if configuration.payment_allowed != Some(true) {
///         println!("{} {}: cannot take payments", unit.msn, unit.name);
///     }
///     if configuration.capture_type == Some(CaptureType::DirectCapture) {
///         println!("{} {}: captures at once", unit.msn, unit.name);
///     }
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Sales units can be compared and saved, for example to report changes since an earlier run:
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::management::{SalesUnit, get_sales_unit};
/// # let msn = "123456".parse()?;
/// # let saved = serde_json::to_vec(&get_sales_unit(&session, &msn)?).unwrap();
/// let before: SalesUnit = serde_json::from_slice(&saved).unwrap();
/// let now = get_sales_unit(&session, &before.msn)?;
/// if now != before {
///     println!("{} has changed: {:?}", now.msn, now.configuration);
/// }
/// # assert_eq!(now, before);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `SalesUnit` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SalesUnit {
    /// The merchant serial number.
    pub msn: Msn,
    /// The sales unit's name.
    pub name: String,
    /// The merchant that the sales unit belongs to.
    #[doc(alias = "businessIdentifier")]
    pub business_identifier: BusinessIdentifier,
    /// The bank account that settlements are paid to.
    #[doc(alias = "settlementBankAccount")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_bank_account: Option<BankAccount>,
    /// What the sales unit is allowed to do.
    #[serde(default, deserialize_with = "null_as_default")]
    pub configuration: SalesUnitConfiguration,
}

/// What a sales unit is allowed to do. Any field may be absent, which does not mean `false`.
///
/// Source: the schema `SalesUnit` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SalesUnitConfiguration {
    /// Whether the sales unit can take payments at all.
    #[doc(alias = "paymentAllowed")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_allowed: Option<bool>,
    /// How payments are captured.
    #[doc(alias = "captureType")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_type: Option<CaptureType>,
    /// Whether skipping the landing page is allowed.
    #[doc(alias = "skipLandingPageAllowed")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_landing_page_allowed: Option<bool>,
    /// Whether recurring payments are allowed.
    #[doc(alias = "recurringAllowed")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring_allowed: Option<bool>,
    /// Whether a payment can be captured in part.
    #[doc(alias = "partialCaptureAllowed")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_capture_allowed: Option<bool>,
    /// Whether late capture is allowed.
    #[doc(alias = "lateCaptureAllowed")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_capture_allowed: Option<bool>,
    /// Whether the phone number on the landing page is locked.
    #[doc(alias = "landingPagePhoneNumberLocked")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing_page_phone_number_locked: Option<bool>,
    /// Whether long-living payment requests are allowed.
    #[doc(alias = "longLivingPaymentAllowed")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_living_payment_allowed: Option<bool>,
    /// Whether customers can pay with credit cards.
    #[doc(alias = "creditCardPaymentAllowed")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_card_payment_allowed: Option<bool>,
}

open_enum! {
    /// How a sales unit captures payments.
    ///
    /// Source: the field `captureType` of the schema `SalesUnit` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub enum CaptureType {
        field: "captureType",
        /// Payments are reserved first and captured by a separate call.
        ReserveCapture = "ReserveCapture",
        /// Payments are captured immediately.
        DirectCapture = "DirectCapture",
        /// The sales unit does not capture payments.
        NotApplicable = "NotApplicable",
    }
}

/// A bank account by its national account number (BBAN). The API does not take IBANs.
///
/// ```
/// use vipps::management::BankAccount;
///
/// let account = BankAccount::norway("8601 11 17947")?;
/// assert_eq!(account.scheme(), "BBAN:NO");
/// assert_eq!(account.id(), "86011117947");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `BankAccount` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BankAccount {
    scheme: String,
    #[serde(deserialize_with = "text_or_number")]
    id: String,
}

impl BankAccount {
    /// An account of any scheme (5 to 20 visible ASCII characters, such as `BBAN:DK`) with a number
    /// of 9 to 34 digits, `^\d{9,34}$`.
    ///
    /// ```
    /// use vipps::management::BankAccount;
    ///
    /// let account = BankAccount::new("BBAN:DK", "50510001234567")?;
    /// assert!(BankAccount::new("IBAN:NO", "NO9386011117947").is_err());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming
    /// `settlementBankAccount.scheme` or `settlementBankAccount.id`.
    pub fn new(scheme: impl Into<String>, id: impl Into<String>) -> Result<Self, Error> {
        let (scheme, id) = (scheme.into(), id.into());
        let account = Self { scheme, id };
        Error::from_problems(account.problem().into_iter().collect())?;
        Ok(account)
    }

    /// A Norwegian account (`BBAN:NO`): 11 digits, with or without spaces or points.
    ///
    /// ```
    /// use vipps::management::BankAccount;
    ///
    /// let account = BankAccount::norway("8601.11.17947")?;
    /// assert_eq!(account.id(), "86011117947");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming
    /// `settlementBankAccount.id`.
    #[doc(alias = "BBAN")]
    pub fn norway(account: impl AsRef<str>) -> Result<Self, Error> {
        let account = account.as_ref();
        let id = ungrouped(account, &[BLANKS.as_slice(), &['.']].concat());
        if !is_made_of(&id, 11, 11, |b| b.is_ascii_digit()) {
            return Err(Error::invalid(
                "settlementBankAccount.id",
                "must be 11 digits",
                account,
            ));
        }
        Self::new("BBAN:NO", id)
    }

    /// The scheme, such as `BBAN:NO`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The account number.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Checked again before sending, as deserializing does not validate.
    pub(super) fn problem(&self) -> Option<FieldProblem> {
        let is_scheme = is_made_of(&self.scheme, 5, 20, |b| b.is_ascii_graphic());
        if !is_scheme || self.scheme.to_ascii_uppercase().starts_with("IBAN") {
            let rule = "must be 5 to 20 characters such as BBAN:NO (IBANs are not accepted)";
            return Some(FieldProblem::invalid(
                "settlementBankAccount.scheme",
                rule,
                &self.scheme,
            ));
        }
        if !is_made_of(&self.id, 9, 34, |b| b.is_ascii_digit()) {
            let rule = "must be 9 to 34 digits (a national account number, not an IBAN)";
            return Some(FieldProblem::invalid(
                "settlementBankAccount.id",
                rule,
                &self.id,
            ));
        }
        None
    }
}
