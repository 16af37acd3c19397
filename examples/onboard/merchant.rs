use vipps::management::{ProductOrderId, ProductOrderStatus};
use vipps::sandbox::Sandbox;

/// Does the merchant's part, each step after the program has seen the one before.
pub(crate) fn play(sandbox: &Sandbox, id: &ProductOrderId) {
    let look = format!("GET /management/v2/product-orders/{id}/details");
    for status in [
        ProductOrderStatus::MerchantViewed,
        ProductOrderStatus::OrderSubmitted,
        ProductOrderStatus::Completed,
    ] {
        // When the second look begins, the first has been answered.
        let looks = sandbox.count(&look) + 2;
        while !sandbox.wait_for(&look, looks) {}
        if sandbox.set_product_order_status(id, status).is_err() {
            return;
        }
    }
}
