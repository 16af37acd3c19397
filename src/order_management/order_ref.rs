use serde::{Deserialize, Serialize};

use crate::error::problem::FieldProblem;
use crate::model::identifier::{self, identifier};
use crate::model::open_enum::open_enum;
use crate::request::RequestBuilder;
use crate::{Error, Session};

open_enum! {
    /// The payment type of an order: a single payment, or a charge of a recurring agreement.
    ///
    /// Source: the schema `PaymentType` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub enum PaymentType {
        field: "paymentType",
        /// A single payment by the eCom API or the ePayment API. `ecom` in paths.
        Ecom = "ECOM" | "ecom",
        /// A charge of an agreement of the Recurring API. `recurring` in paths.
        Recurring = "RECURRING" | "recurring",
    }
}

identifier! {
    /// The id of an order, which is the reference of its payment.
    ///
    /// Letters, digits, `-`, `_` and `.`, `^[0-9A-Za-z-_\.]+$`. Calls refuse the ids `.` and `..`,
    /// which match the pattern but would change the request's path.
    ///
    /// ```
    /// use vipps::order_management::OrderId;
    ///
    /// let id: OrderId = "acme-shop-123-order123abc".parse()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// Source: the schema `OrderId` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub struct OrderId { field: "orderId", check: is_order_id, rule: "letters, digits, -, _ and ." }
}

/// A reference to an order: its payment type and its id.
///
/// ```
/// use vipps::order_management::OrderRef;
///
/// let order = OrderRef::ecom("acme-shop-123-order123abc".parse()?);
/// let charge = OrderRef::recurring("acme-charge-7".parse()?);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Deserializing rejects unknown fields but does not validate; every call does.
///
/// Source: the path parameters `paymentType` and `orderId` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(expecting = "an order", rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct OrderRef {
    /// The order's payment type.
    #[doc(alias = "paymentType")]
    pub payment_type: PaymentType,
    /// The order's id.
    #[doc(alias = "orderId")]
    pub order_id: OrderId,
}

impl OrderRef {
    /// An order with a single payment by the eCom API or the ePayment API.
    pub fn ecom(order_id: OrderId) -> Self {
        let payment_type = PaymentType::Ecom;
        Self {
            payment_type,
            order_id,
        }
    }

    /// An order with a charge of an agreement of the Recurring API.
    pub fn recurring(order_id: OrderId) -> Self {
        let payment_type = PaymentType::Recurring;
        Self {
            payment_type,
            order_id,
        }
    }

    /// Checks the payment type and the id. Every call does this before sending.
    ///
    /// ```
    /// use vipps::order_management::{OrderRef, PaymentType};
    ///
    /// let mut order = OrderRef::ecom("order-123".parse()?);
    /// order.payment_type = PaymentType::Other("CASH".to_owned());
    /// let error = order.validate().unwrap_err();
    /// assert_eq!(error.field_problems()[0].name, "paymentType");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `paymentType`, `orderId`
    /// or both.
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
