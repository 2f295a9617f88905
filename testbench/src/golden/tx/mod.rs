//! The golden endpoint's transmit half: what a correct RNIC sends, and both halves joined.
//!
//! * [`octets`], [`fpdu`]: messages to DDP segments to FPDUs, with a record of each.
//! * [`sender`]: TCP of an established connection, in virtual time.

pub mod fpdu;
pub mod octets;
pub mod sender;

#[cfg(test)]
mod tests;
