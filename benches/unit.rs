use std::time::Duration;

use vipps::management::get_sales_unit as get;

use crate::by_hand::{ByHand, session};
use crate::measure::{Effort, compare, heap};
use crate::server::Server;
use crate::table::{Figure, Table};

pub(crate) const UNIT: &str = r#"{"msn":"123456","name":"ACME Fantastic Fitness DK","businessIdentifier":{"scheme":"business:DK:CVR","id":"12345678"},"settlementBankAccount":{"scheme":"BBAN:DK","id":"12345678901234"},"configuration":{"paymentAllowed":true,"captureType":"ReserveCapture","skipLandingPageAllowed":false,"recurringAllowed":true,"partialCaptureAllowed":true,"lateCaptureAllowed":false,"landingPagePhoneNumberLocked":false,"longLivingPaymentAllowed":true,"creditCardPaymentAllowed":false}}"#;

/// Over a connection that is kept.
pub(crate) fn get_sales_unit(effort: Effort, table: &mut Table) {
    let server = Server::start(UNIT, Duration::ZERO);
    let (session, hand) = (session(&server.url), ByHand::new(&server.url));
    let msn = "123456".parse().unwrap();
    let ours = || assert_eq!(get(&session, &msn).unwrap().msn, msn);
    let by_hand = || assert_eq!(hand.get_sales_unit("123456").msn, "123456");

    let time = compare(effort, ours, by_hand);
    let of = format!("({:.1?}, by hand {:.1?})", time.ours, time.by_hand);
    let figure = Figure::new(time.ratio, of);
    table.at_most("get_sales_unit, time to by hand", figure, 0.75, " x");

    let (ours, by_hand) = (heap(ours).allocations, heap(by_hand).allocations);
    let of = format!("({ours}, by hand {by_hand})");
    let figure = Figure::new(ours - by_hand, of);
    // Its path, its route, its headers and its own copies of them: less than a microsecond.
    table.at_most("get_sales_unit, allocations more", figure, 12.0, "");
}
