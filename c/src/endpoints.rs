//! A function for each endpoint, and `vipps_raw`.
#![allow(deprecated)] // Version 1 is there for completeness.

use std::ffi::c_char;

use serde_json::{Value, json};

use vipps::management::{self, BusinessIdentifier};
use vipps::order_management::{self, AddImage, OrderRef, ReceiptOutcome, v1};

use crate::boundary::{answer, guard, items, object, optional_text, text, vipps_status};
use crate::error::{Failure, vipps_error};
use crate::request::{any_json, request};
use crate::session::vipps_session;
use crate::string::vipps_string;

/// Functions of a session and texts. With `-> json` they give a value, otherwise nothing.
macro_rules! endpoints {
    ($(fn $name:ident($session:ident $(, $argument:ident)*) $(-> $output:ident)? $body:block)*) => {
        $( endpoints! { @one $name $session ($($argument)*) ($($output)?) $body } )*
    };
    (@one $name:ident $session:ident ($($argument:ident)*) (json) $body:block) => {
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name(
            session: *const vipps_session,
            $($argument: *const c_char,)*
            out_json: *mut *mut vipps_string,
            error: *mut *mut vipps_error,
        ) -> vipps_status {
            unsafe {
                answer(out_json, error, || {
                    let $session = &object(session, "session")?.0;
                    $( let $argument = text($argument, stringify!($argument))?; )*
                    Ok($body?)
                })
            }
        }
    };
    (@one $name:ident $session:ident ($($argument:ident)*) () $body:block) => {
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name(
            session: *const vipps_session,
            $($argument: *const c_char,)*
            error: *mut *mut vipps_error,
        ) -> vipps_status {
            unsafe {
                guard(error, || {
                    let $session = &object(session, "session")?.0;
                    $( let $argument = text($argument, stringify!($argument))?; )*
                    Ok($body?)
                })
            }
        }
    };
}

endpoints! {
    fn vipps_list_sales_units(session) -> json {
        management::list_sales_units(session)
    }

    fn vipps_get_sales_unit(session, msn) -> json {
        management::get_sales_unit(session, &msn.parse()?)
    }

    fn vipps_list_merchant_sales_units(session, scheme, id) -> json {
        management::list_merchant_sales_units(session, &BusinessIdentifier::new(scheme, id)?)
    }

    fn vipps_get_merchant(session, scheme, id) -> json {
        management::get_merchant(session, &BusinessIdentifier::new(scheme, id)?)
    }

    fn vipps_list_product_orders(session, request_json) -> json {
        management::list_product_orders(session, &request(request_json, "request_json")?)
    }

    fn vipps_prefill_product_order(session, order_json) -> json {
        management::prefill_product_order(session, &request(order_json, "order_json")?)
    }

    fn vipps_get_product_order(session, product_order_id) -> json {
        management::get_product_order(session, &product_order_id.parse()?)
    }

    fn vipps_delete_product_order(session, product_order_id) {
        management::delete_product_order(session, &product_order_id.parse()?)
    }

    fn vipps_list_price_packages(session) -> json {
        management::list_price_packages(session)
    }

    fn vipps_put_category(session, payment_type, order_id, category_json) -> json {
        let order = order(payment_type, order_id)?;
        order_management::put_category(session, &order, &request(category_json, "category_json")?)
    }

    fn vipps_add_receipt(session, payment_type, order_id, receipt_json) -> json {
        let order = order(payment_type, order_id)?;
        order_management::add_receipt(session, &order, &request(receipt_json, "receipt_json")?)
    }

    fn vipps_ensure_receipt(session, payment_type, order_id, receipt_json) -> json {
        let order = order(payment_type, order_id)?;
        let receipt = request(receipt_json, "receipt_json")?;
        let outcome = order_management::ensure_receipt(session, &order, &receipt);
        // An object in every case, for those who look into it with a pointer.
        outcome.map(|outcome| match outcome {
            ReceiptOutcome::Added(answer) => json!({ "outcome": "added", "answer": answer }),
            other => json!({ "outcome": other }),
        })
    }

    fn vipps_get_order(session, payment_type, order_id) -> json {
        order_management::get_order(session, &order(payment_type, order_id)?)
    }

    fn vipps_add_category(session, category_json) -> json {
        let category = request(category_json, "category_json")?;
        let id = order_management::add_category(session, &category);
        id.map(|id| json!({ "categoryId": id }))
    }

    fn vipps_list_categories(session, order_id) -> json {
        order_management::list_categories(session, &order_id.parse()?)
    }

    fn vipps_get_category(session, category_id) -> json {
        order_management::get_category(session, &category_id.parse()?)
    }

    fn vipps_delete_category(session, category_id) {
        order_management::delete_category(session, &category_id.parse()?)
    }

    fn vipps_v1_put_order(session, transaction_id, category_json) {
        let category = request(category_json, "category_json")?;
        v1::put_order(session, &transaction_id.parse()?, &category)
    }

    fn vipps_v1_get_order(session, transaction_id) -> json {
        v1::get_order(session, &transaction_id.parse()?)
    }

    fn vipps_v1_add_receipt(session, transaction_id, receipt_json) {
        let receipt = request(receipt_json, "receipt_json")?;
        v1::add_receipt(session, &transaction_id.parse()?, &receipt)
    }

    fn vipps_v1_get_receipt(session, transaction_id) -> json {
        v1::get_receipt(session, &transaction_id.parse()?)
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_add_image(
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
            let image_id = text(image_id, "image_id")?.parse()?;
            let image = AddImage::from_bytes(image_id, items(picture, length, "picture")?)?;
            let image_id = order_management::add_image(session, &image)?;
            Ok(json!({ "imageId": image_id }))
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_raw(
    session: *const vipps_session,
    method: *const c_char,
    path: *const c_char,
    body_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let session = &object(session, "session")?.0;
            let (method, path) = (text(method, "method")?, text(path, "path")?);
            let body = optional_text(body_json, "body_json")?;
            let body: Option<Value> = body.map(|body| any_json(body, "body_json")).transpose()?;
            let mut request = session.request(method, path);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let reply = request.send()?;
            Ok(match reply.is_empty() {
                true => Value::Null,
                false => reply.json()?,
            })
        })
    }
}

fn order(payment_type: &str, order_id: &str) -> Result<OrderRef, Failure> {
    let mut order = OrderRef::ecom(order_id.parse()?);
    order.payment_type = payment_type.parse()?;
    Ok(order)
}
