//! The transmit half against the rows of the conformance tables that a sender owns, against the vectors, and against the
//! receive half. A row's id here says that the oracle was checked, not the chip.

mod fpdu;
