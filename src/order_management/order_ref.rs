use serde::{Deserialize, Serialize};

use crate::error::problem::FieldProblem;
use crate::model::identifier::{self, identifier};
use crate::model::open_enum::open_enum;
use crate::request::RequestBuilder;
use crate::{Error, Session};

open_enum! {
    /// The kind of payment that an order is paid with.
    pub enum PaymentType {
        field: "paymentType",
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
    pub fn ecom(order_id: OrderId) -> Self {
        let payment_type = PaymentType::Ecom;
        Self {
            payment_type,
            order_id,
        }
    }

    /// An order that is paid with a charge of a recurring agreement.
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
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `paymentType` and `orderId`, whichever is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        let mut problems = Vec::from_iter(self.payment_type.problem());
        problems.extend(self.order_id.problem("orderId"));
        Error::from_problems(problems)
    }

    /// A request to `/order-management/v2/{paymentType}{resource}/{orderId}`.
    pub(super) fn request<'a>(
        &self,
        session: &'a Session,
        method: &str,
        resource: &str,
    ) -> Result<RequestBuilder<'a>, Error> {
        self.validate()?;
        let order = session
            .request(method, "/order-management/v2")
            .needs_msn()
            .segment(
                "paymentType",
                self.payment_type.as_str().to_ascii_lowercase(),
            );
        let order = match resource {
            "" => order,
            resource => order.path(resource),
        };
        Ok(order.segment("orderId", &self.order_id))
    }
}

impl PaymentType {
    pub(super) fn problem(&self) -> Option<FieldProblem> {
        let problem = || FieldProblem::invalid("paymentType", Self::RULE, self.as_str());
        (!self.is_known()).then(problem)
    }
}

fn is_order_id(value: &str) -> bool {
    identifier::is_made_of(value, 1, usize::MAX, identifier::is_id_byte)
}
