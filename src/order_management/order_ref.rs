use serde::{Deserialize, Serialize};

use crate::error::FieldProblem;
use crate::model::identifier::{self, identifier};
use crate::model::open_enum::open_enum;
use crate::transport::Path;
use crate::{Error, Session};

open_enum! {
    /// The kind of payment that an order is paid with.
    pub enum PaymentType {
        /// A single payment by the eCom or the ePayment API. `ecom` in paths.
        Ecom = "ECOM" | "ecom",
        /// A charge of a recurring agreement. `recurring` in paths.
        Recurring = "RECURRING" | "recurring",
    }
}

identifier! {
    /// The id of an order, which is the reference of its payment: letters, digits and `-`, `_`, `.`, `^[0-9A-Za-z-_\.]+$`.
    ///
    /// The pattern allows `.` and `..`, which would make another path: a call with one of them is refused.
    pub struct OrderId { field: "orderId", check: is_order_id, rule: "letters, digits, -, _ and ." }
}

/// An order: the kind of its payment and its id.
///
/// ```
/// use vipps::order_management::OrderRef;
///
/// let order = OrderRef::ecom("acme-shop-123-order123abc".parse()?);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Reading one from JSON refuses unknown fields and does not validate it; every call validates it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(expecting = "an order", rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct OrderRef {
    /// The kind of payment.
    pub payment_type: PaymentType,
    /// The order's id.
    pub order_id: OrderId,
}

impl OrderRef {
    /// An order that is paid with a single payment, by the eCom or the ePayment API.
    #[must_use]
    pub fn ecom(order_id: OrderId) -> Self {
        let payment_type = PaymentType::Ecom;
        Self {
            payment_type,
            order_id,
        }
    }

    /// An order that is paid with a charge of a recurring agreement.
    #[must_use]
    pub fn recurring(order_id: OrderId) -> Self {
        let payment_type = PaymentType::Recurring;
        Self {
            payment_type,
            order_id,
        }
    }

    /// Checks the payment type and the id. Every call for an order does so first.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] naming `paymentType` and `orderId`, whichever is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        let mut problems = Vec::from_iter(self.payment_type.problem());
        problems.extend(self.order_id.problem("orderId"));
        Error::from_problems(problems)
    }

    pub(super) fn path(&self, session: &Session, resource: &'static str) -> Result<Path, Error> {
        session.require_msn()?;
        self.validate()?;
        let payment_type = self.payment_type.as_str().to_ascii_lowercase();
        Path::new("/order-management/v2")
            .segment("paymentType", &payment_type)?
            .fixed(resource)
            .segment("orderId", self.order_id.as_str())
    }
}

impl PaymentType {
    pub(super) fn problem(&self) -> Option<FieldProblem> {
        match self {
            Self::Ecom | Self::Recurring => None,
            Self::Other(other) => {
                let rule = "must be ECOM or RECURRING";
                Some(FieldProblem::invalid("paymentType", rule, other))
            }
        }
    }
}

fn is_order_id(value: &str) -> bool {
    identifier::is_made_of(value, 1, usize::MAX, identifier::is_id_byte)
}
