//! Every error of the receive side by requirement id: the chip reports the code of the conformance table, places nothing of
//! the offending segment, ignores what follows, and other connections go on. Each case runs on the fast path (one FPDU a
//! segment) and through the assembler (segments cut inside the header), at 64 and 512 bits.

mod cases;
mod ddp;
mod ext;
mod invalidate;
mod play;
mod rdmap;

use ddp::ddp_cases;
use ext::ext_cases;
use invalidate::{invalidate_cases, terminate_cases};
use play::errors;
use rdmap::rdmap_cases;

#[test]
fn ddp_05_14_30_to_3f_sec_64() {
    errors(64, &ddp_cases());
}

#[test]
fn ddp_05_14_30_to_3f_sec_512() {
    errors(512, &ddp_cases());
}

#[test]
fn rdm_02_to_34_64() {
    errors(64, &rdmap_cases());
}

#[test]
fn rdm_02_to_34_512() {
    errors(512, &rdmap_cases());
}

#[test]
fn rdm_46_to_5d_invalidate_and_terminate_64() {
    errors(64, &invalidate_cases());
    errors(64, &terminate_cases());
}

#[test]
fn rdm_46_to_5d_invalidate_and_terminate_512() {
    errors(512, &invalidate_cases());
    errors(512, &terminate_cases());
}

#[test]
fn rfc7306_64() {
    errors(64, &ext_cases());
}

#[test]
fn rfc7306_512() {
    errors(512, &ext_cases());
}
