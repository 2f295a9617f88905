//! The golden endpoint's transmit half: what a correct RNIC sends, and both halves joined.
//!
//! * [`octets`], [`fpdu`]: messages to DDP segments to FPDUs, with a record of each.
//! * [`sender`]: TCP of an established connection; [`acks`]: when the receive half's acknowledgements leave.
//! * [`frame`]: Ethernet, IP and TCP octets. [`endpoint`]: both halves with work requests, completions and errors.
//! * [`link`], [`net`]: a wire that loses, doubles, delays and spoils, and endpoint pairs on it. [`ideal`]: a yardstick.
//! * [`audit`]: what any correct sender keeps to, for a device whose timing differs.
//!
//! All of it runs in virtual time (nanoseconds) and is made new from its seed.

pub mod acks;
pub mod audit;
pub mod endpoint;
pub mod fpdu;
pub mod frame;
pub mod ideal;
pub mod link;
pub mod net;
pub mod octets;
pub mod sender;

#[cfg(test)]
mod tests;
