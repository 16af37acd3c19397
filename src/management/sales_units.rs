use serde::{Deserialize, Serialize};

use super::merchants::{self, BusinessIdentifier};
use crate::error::problem::FieldProblem;
use crate::model::identifier::{BLANKS, is_made_of, ungrouped};
use crate::model::lenient::{null_as_default, text_or_number};
use crate::model::open_enum::open_enum;
use crate::{Error, Msn, Session};

/// Lists all sales units that the keys give access to; for a partner, all that are connected to it.
///
/// The list holds MSNs and names. Details take one [`get_sales_unit`] each.
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
/// `GET /management/v1/sales-units` of the [Management API](https://developer.vippsmobilepay.com/api/management/).
pub fn list_sales_units(session: &Session) -> Result<Vec<SalesUnitSummary>, Error> {
    session
        .request("GET", "/management/v1/sales-units")
        .send()?
        .list(LIST, WRAPPED_AS)
}

/// Lists the sales units of one merchant; for a partner, those that are connected to it.
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
/// `GET /management/v1/merchants/{scheme}/{id}/sales-units` of the [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), also for a merchant that is not active.
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

/// Where older pages of the API have the list: `{"salesUnits": [...]}`.
const WRAPPED_AS: &str = "salesUnits";

/// Gets a sales unit with its configuration, by its MSN of 4 to 10 digits.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// let unit = vipps::management::get_sales_unit(&session, &"123456".parse()?)?;
/// println!("{} {:?}", unit.name, unit.configuration.payment_allowed);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v1/sales-units/{msn}` of the [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), also for a sales unit that is not active or not connected to these keys.
pub fn get_sales_unit(session: &Session, msn: &Msn) -> Result<SalesUnit, Error> {
    session
        .request("GET", "/management/v1/sales-units")
        .segment("msn", msn)
        .send()?
        .json()
}

/// A sales unit as lists name it.
///
/// Source: the schema `MsnInfo` of the Management API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SalesUnitSummary {
    /// Its merchant serial number.
    pub msn: Msn,
    /// Its name, at most 50 characters. Empty if there is none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
}

/// A sales unit with its details.
///
/// What has changed since yesterday, where `yesterday` was read from a file of JSON with serde:
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # let yesterday: BTreeMap<Msn, SalesUnit> = [("654321", "Old name"), ("111111", "Closed shop")]
/// #     .into_iter()
/// #     .map(|(msn, name)| {
/// #         let mut unit = get_sales_unit(&session, &"654321".parse().unwrap()).unwrap();
/// #         (unit.msn, unit.name) = (msn.parse().unwrap(), name.to_owned());
/// #         (unit.msn.clone(), unit)
/// #     })
/// #     .collect();
/// # let mut changes = Vec::new();
/// use std::collections::BTreeMap;
/// use vipps::Msn;
/// use vipps::management::{SalesUnit, get_sales_unit, list_sales_units};
///
/// let mut today = BTreeMap::new();
/// for unit in list_sales_units(&session)? {
///     today.insert(unit.msn.clone(), get_sales_unit(&session, &unit.msn)?);
/// }
/// for (msn, unit) in &today {
///     match yesterday.get(msn) {
///         None => println!("new: {msn} {}", unit.name),
///         Some(before) if before != unit => {
///             println!("changed: {msn} {} {:?}", unit.name, unit.configuration);
///             # changes.push(msn.as_str());
///         }
///         Some(_) => {}
///     }
/// }
/// for (msn, unit) in yesterday.iter().filter(|(msn, _)| !today.contains_key(*msn)) {
///     println!("gone: {msn} {}", unit.name);
///     # changes.push(msn.as_str());
/// }
/// # assert_eq!(changes, ["654321", "111111"]);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `SalesUnit` of the Management API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SalesUnit {
    /// Its merchant serial number.
    pub msn: Msn,
    /// Its name.
    pub name: String,
    /// The merchant that it belongs to.
    pub business_identifier: BusinessIdentifier,
    /// Where its money is paid to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_bank_account: Option<BankAccount>,
    /// What it may do.
    #[serde(default, deserialize_with = "null_as_default")]
    pub configuration: SalesUnitConfiguration,
}

/// What a sales unit may do. Any field may be absent, and absent is not `false`.
///
/// Source: the schema `SalesUnit` of the Management API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SalesUnitConfiguration {
    /// Whether it can take payments at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_allowed: Option<bool>,
    /// How payments are captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_type: Option<CaptureType>,
    /// Whether it may skip the landing page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_landing_page_allowed: Option<bool>,
    /// Whether it may take recurring payments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring_allowed: Option<bool>,
    /// Whether it may capture a part of a payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_capture_allowed: Option<bool>,
    /// Whether it may capture late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_capture_allowed: Option<bool>,
    /// Whether the phone number on the landing page cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing_page_phone_number_locked: Option<bool>,
    /// Whether payments may wait long for the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_living_payment_allowed: Option<bool>,
    /// Whether customers may pay with credit cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_card_payment_allowed: Option<bool>,
}

open_enum! {
    /// How a sales unit captures its payments.
    pub enum CaptureType {
        field: "captureType",
        /// Reserved first, captured by a call of its own.
        ReserveCapture = "ReserveCapture",
        /// Captured at once.
        DirectCapture = "DirectCapture",
        /// It takes no payments of its own.
        NotApplicable = "NotApplicable",
    }
}

/// A bank account by its national number (BBAN); the API takes no IBAN.
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
    /// Any scheme of 5 to 20 visible ASCII characters, such as `BBAN:NO`, and a number of 9 to 34
    /// digits, `^\d{9,34}$`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `settlementBankAccount.scheme` or `settlementBankAccount.id`.
    pub fn new(scheme: impl Into<String>, id: impl Into<String>) -> Result<Self, Error> {
        let (scheme, id) = (scheme.into(), id.into());
        let account = Self { scheme, id };
        Error::from_problems(account.problem().into_iter().collect())?;
        Ok(account)
    }

    /// A Norwegian account, `BBAN:NO`: 11 digits, `86011117947`, `8601 11 17947` or
    /// `8601.11.17947`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming
    /// `settlementBankAccount.id`.
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

    /// The kind of number, such as `BBAN:NO`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The account's number.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is wrong with it, if anything: reading it did not check it.
    pub(super) fn problem(&self) -> Option<FieldProblem> {
        let is_scheme = is_made_of(&self.scheme, 5, 20, |b| b.is_ascii_graphic());
        if !is_scheme || self.scheme.to_ascii_uppercase().starts_with("IBAN") {
            let rule = "must be 5 to 20 characters such as BBAN:NO, and no IBAN";
            return Some(FieldProblem::invalid(
                "settlementBankAccount.scheme",
                rule,
                &self.scheme,
            ));
        }
        if !is_made_of(&self.id, 9, 34, |b| b.is_ascii_digit()) {
            let rule = "must be 9 to 34 digits, the national number and no IBAN";
            return Some(FieldProblem::invalid(
                "settlementBankAccount.id",
                rule,
                &self.id,
            ));
        }
        None
    }
}
