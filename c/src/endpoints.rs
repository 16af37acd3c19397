//! A function for each endpoint.
#![allow(deprecated)] // C has version 1 of the Order Management API too.

use std::ffi::c_char;

use serde_json::json;

use vipps::management::{self, BusinessIdentifier};
use vipps::order_management::{self, AddImage, ImageId, OrderRef, ReceiptOutcome, v1};

use crate::boundary::{answer, guard, items, object, parse, text};
use crate::error::{Failure, vipps_error, vipps_status};
use crate::session::vipps_session;
use crate::strict::request;
use crate::string::vipps_string;

/// Lists all sales units that the keys have access to: [{"msn", "name"}].
///
/// GET /management/v1/sales-units
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_list_sales_units(
    session: *const vipps_session,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            Ok(management::list_sales_units(session)?)
        })
    }
}

/// Gets a sales unit with its configuration. `msn` is 4 to 10 digits.
///
/// GET /management/v1/sales-units/{msn}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_get_sales_unit(
    session: *const vipps_session,
    msn: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            Ok(management::get_sales_unit(session, &parse(msn, "msn")?)?)
        })
    }
}

/// Lists the sales units of a merchant: [{"msn", "name"}]. `scheme` is the business register, such
/// as "business:NO:ORG", "business:DK:CVR" or "business:FI:Y-tunnus". `id` is the merchant's number
/// in it: 4 to 50 digits and hyphens.
///
/// GET /management/v1/merchants/{scheme}/{id}/sales-units
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_list_merchant_sales_units(
    session: *const vipps_session,
    scheme: *const c_char,
    id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let merchant = merchant(text(scheme, "scheme")?, text(id, "id")?)?;
            Ok(management::list_merchant_sales_units(session, &merchant)?)
        })
    }
}

/// Gets a merchant. `scheme` and `id` are as for vipps_list_merchant_sales_units().
///
/// GET /management/v1/merchants/{scheme}/{id}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_get_merchant(
    session: *const vipps_session,
    scheme: *const c_char,
    id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let merchant = merchant(text(scheme, "scheme")?, text(id, "id")?)?;
            Ok(management::get_merchant(session, &merchant)?)
        })
    }
}

/// Lists the product orders of a partner. `request_json` is {} or {"includeExpired": true}.
///
/// GET /management/v2/product-orders?includeExpired=
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_list_product_orders(
    session: *const vipps_session,
    request_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let list = request(text(request_json, "request_json")?, "request_json")?;
            Ok(management::list_product_orders(session, &list)?)
        })
    }
}

/// Prefills a product order, which the merchant then reviews and submits: {"prefilledOrderId",
/// "prefillUrl"}. `order_json` requires "businessIdentifier": {"scheme", "id"} and "productType".
///
/// In addition to the API's fields, `order_json` takes "idempotencyKey": 1 to 50 letters, digits
/// and hyphens, for example from vipps_idempotency_key_new(). Calls with the same key create one
/// order. Without it, each call uses a new key, which only its own retries share. The API also
/// stores a rejection with the key: send a corrected order with a new key.
///
/// POST /management/v1/product-orders
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_prefill_product_order(
    session: *const vipps_session,
    order_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let order = request(text(order_json, "order_json")?, "order_json")?;
            Ok(management::prefill_product_order(session, &order)?)
        })
    }
}

/// Gets a product order with its status. `product_order_id` is a UUID.
///
/// GET /management/v2/product-orders/{productOrderId}/details
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_get_product_order(
    session: *const vipps_session,
    product_order_id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let id = parse(product_order_id, "product_order_id")?;
            Ok(management::get_product_order(session, &id)?)
        })
    }
}

/// Deletes a product order that the merchant has not submitted yet. `product_order_id` is a UUID. A
/// 404 after an attempt that may have deleted the order counts as success.
///
/// DELETE /management/v1/product-orders/{productOrderId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_delete_product_order(
    session: *const vipps_session,
    product_order_id: *const c_char,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let session = &object(session, "session")?.0;
            let id = parse(product_order_id, "product_order_id")?;
            Ok(management::delete_product_order(session, &id)?)
        })
    }
}

/// Lists the price packages that a partner can offer. Needs partner keys.
///
/// GET /management/v1/partners/price-packages
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_list_price_packages(
    session: *const vipps_session,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            Ok(management::list_price_packages(session)?)
        })
    }
}

/// Uploads a picture of `length` bytes: PNG or JPEG, at least 167 px high, at most 2 MB. `image_id`
/// is 1 to 128 letters, digits, -, _ and ".". Returns {"imageId"}, the id to use from now on, which
/// may differ from `image_id`.
///
/// All functions of the Order Management API need a session with a merchant serial number, or fail
/// with VIPPS_CONFIG.
///
/// POST /order-management/v1/images
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_add_image(
    session: *const vipps_session,
    image_id: *const c_char,
    picture: *const u8,
    length: usize,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let picture = items(picture, length, "picture")?;
            let image = image(parse(image_id, "image_id")?, picture)?;
            let image_id = order_management::add_image(session, &image)?;
            Ok(json!({ "imageId": image_id }))
        })
    }
}

/// Uploads a picture like vipps_add_image(), but succeeds if the id already exists. A picture
/// cannot be replaced: use another id for another picture.
///
/// POST /order-management/v1/images
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_ensure_image(
    session: *const vipps_session,
    image_id: *const c_char,
    picture: *const u8,
    length: usize,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let picture = items(picture, length, "picture")?;
            let image = image(parse(image_id, "image_id")?, picture)?;
            let image_id = order_management::ensure_image(session, &image)?;
            Ok(json!({ "imageId": image_id }))
        })
    }
}

/// Sets or replaces the category of an order, which the app shows as a link. Returns a UUID as a
/// JSON string. `category_json` is {"category": "DELIVERY", "orderDetailsUrl": "https://...",
/// "imageId": "..."}; "imageId" is optional.
///
/// Here and below, `payment_type` is "ECOM" for a single payment or "RECURRING" for a charge of a
/// recurring agreement, and `order_id` is the reference of the payment: letters, digits, -, _ and
/// ".".
///
/// PUT /order-management/v2/{paymentType}/categories/{orderId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_put_category(
    session: *const vipps_session,
    payment_type: *const c_char,
    order_id: *const c_char,
    category_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let order = order(payment_type, order_id)?;
            let category = request(text(category_json, "category_json")?, "category_json")?;
            order_management::put_category(session, &order, &category).map_err(of_order)
        })
    }
}

/// Adds a receipt to an order: {"orderLines": [...], "bottomLine": {"currency": "NOK"}}. Returns a
/// UUID as a JSON string. A receipt can never be changed. The call is not retried once it may have
/// taken effect: use vipps_ensure_receipt() for a call that is safe to retry.
///
/// POST /order-management/v2/{paymentType}/receipts/{orderId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_add_receipt(
    session: *const vipps_session,
    payment_type: *const c_char,
    order_id: *const c_char,
    receipt_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let order = order(payment_type, order_id)?;
            let receipt = request(text(receipt_json, "receipt_json")?, "receipt_json")?;
            order_management::add_receipt(session, &order, &receipt).map_err(of_order)
        })
    }
}

/// Adds a receipt to an order unless the order already has it. Safe to call any number of times.
/// Returns {"outcome": "added", "answer": "..."}, where the answer is the UUID from the API, or
/// {"outcome": "alreadyThere"}. If the order has a different receipt, the error is
/// VIPPS_ALREADY_EXISTS and its field problems list the differences.
///
/// POST /order-management/v2/{paymentType}/receipts/{orderId},
/// GET /order-management/v2/{paymentType}/{orderId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_ensure_receipt(
    session: *const vipps_session,
    payment_type: *const c_char,
    order_id: *const c_char,
    receipt_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let order = order(payment_type, order_id)?;
            let receipt = request(text(receipt_json, "receipt_json")?, "receipt_json")?;
            let outcome = order_management::ensure_receipt(session, &order, &receipt);
            let outcome = outcome.map_err(of_order)?;
            // Always an object, so that a JSON pointer finds the outcome.
            Ok(match outcome {
                ReceiptOutcome::Added(answer) => json!({ "outcome": "added", "answer": answer }),
                other => json!({ "outcome": other }),
            })
        })
    }
}

/// Gets the category and the receipt of an order: {"category": {...}, "receipt": {...}}. Either may
/// be missing.
///
/// GET /order-management/v2/{paymentType}/{orderId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_get_order(
    session: *const vipps_session,
    payment_type: *const c_char,
    order_id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let order = order(payment_type, order_id)?;
            order_management::get_order(session, &order).map_err(of_order)
        })
    }
}

/// Adds a category to an order, which can have several: {"orderId", "paymentType", "type":
/// "TICKET", "url", "imageId"}; "imageId" is optional. Returns {"categoryId"}.
///
/// POST /order-management/v3/categories
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_add_category(
    session: *const vipps_session,
    category_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let category = request(text(category_json, "category_json")?, "category_json")?;
            let id = order_management::add_category(session, &category)?;
            Ok(json!({ "categoryId": id }))
        })
    }
}

/// Lists the categories of an order.
///
/// GET /order-management/v3/categories?orderId=
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_list_categories(
    session: *const vipps_session,
    order_id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let order_id = parse(order_id, "order_id")?;
            Ok(order_management::list_categories(session, &order_id)?)
        })
    }
}

/// Gets a category. `category_id` is a UUID.
///
/// GET /order-management/v3/categories/{categoryId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_get_category(
    session: *const vipps_session,
    category_id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let category_id = parse(category_id, "category_id")?;
            Ok(order_management::get_category(session, &category_id)?)
        })
    }
}

/// Deletes a category. `category_id` is a UUID.
///
/// DELETE /order-management/v3/categories/{categoryId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_delete_category(
    session: *const vipps_session,
    category_id: *const c_char,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let session = &object(session, "session")?.0;
            let category_id = parse(category_id, "category_id")?;
            Ok(order_management::delete_category(session, &category_id)?)
        })
    }
}

/// Sets the category of a payment. Version 1 is deprecated: use vipps_put_category().
///
/// PUT /order-management/v1/orders/{transactionId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_v1_put_order(
    session: *const vipps_session,
    transaction_id: *const c_char,
    category_json: *const c_char,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let session = &object(session, "session")?.0;
            let id = parse(transaction_id, "transaction_id")?;
            let category = request(text(category_json, "category_json")?, "category_json")?;
            Ok(v1::put_order(session, &id, &category)?)
        })
    }
}

/// Gets the category of a payment. Version 1 is deprecated: use vipps_get_order().
///
/// GET /order-management/v1/orders/{transactionId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_v1_get_order(
    session: *const vipps_session,
    transaction_id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let id = parse(transaction_id, "transaction_id")?;
            Ok(v1::get_order(session, &id)?)
        })
    }
}

/// Adds a receipt to a payment. Version 1 is deprecated: use vipps_add_receipt().
///
/// POST /order-management/v1/receipts/{transactionId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_v1_add_receipt(
    session: *const vipps_session,
    transaction_id: *const c_char,
    receipt_json: *const c_char,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let session = &object(session, "session")?.0;
            let id = parse(transaction_id, "transaction_id")?;
            let receipt = request(text(receipt_json, "receipt_json")?, "receipt_json")?;
            Ok(v1::add_receipt(session, &id, &receipt)?)
        })
    }
}

/// Gets the receipt of a payment. Version 1 is deprecated: use vipps_get_order().
///
/// GET /order-management/v1/receipts/{transactionId}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_v1_get_receipt(
    session: *const vipps_session,
    transaction_id: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let id = parse(transaction_id, "transaction_id")?;
            Ok(v1::get_receipt(session, &id)?)
        })
    }
}

fn merchant(scheme: &str, id: &str) -> Result<BusinessIdentifier, Failure> {
    BusinessIdentifier::new(scheme, id).map_err(|error| {
        Failure::from(error).renamed(|name| match name {
            "businessIdentifier.scheme" => Some("scheme"),
            "businessIdentifier.id" => Some("id"),
            _ => None,
        })
    })
}

fn image(id: ImageId, picture: &[u8]) -> Result<AddImage, Failure> {
    AddImage::from_bytes(id, picture)
        .map_err(|error| Failure::from(error).renamed(|_| Some("picture")))
}

unsafe fn order(payment_type: *const c_char, order_id: *const c_char) -> Result<OrderRef, Failure> {
    // SAFETY: the caller's promise.
    unsafe {
        let payment_type = parse(payment_type, "payment_type")?;
        let mut order = OrderRef::ecom(parse(order_id, "order_id")?);
        order.payment_type = payment_type;
        Ok(order)
    }
}

/// Errors for the order ids `.` and `..`, which only the crate's request builder rejects.
fn of_order(error: vipps::Error) -> Failure {
    Failure::from(error).renamed(|name| (name == "orderId").then_some("order_id"))
}
