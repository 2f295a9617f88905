//! What becomes of a table command: refused with a status, or on to one of the tables. Combinational.
//!
//! In: the command's table (`which`), `code` (op) and `word`; whether the tables are `ready`; whether the index is outside the
//! lookup or the connection table; whether a connection is installed there (`live`) and the generation given is its own;
//! whether the record is IPv6 and the preset is not (`no_ipv6`), has Markers and the preset none (`no_markers`).
//! Out: `status`, and if that is OK at most one of `to_*`. Codes: `ferrowarp_abi::code::{table, op, status}`.
//! Order of the tests: table, word, operation, readiness, index, entry. A full TPT set and an STag that is not there are the
//! TPT's to find (DESIGN 7: every table full or missing is a clear error).

use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct CommandCheck {
    pub which: Signal<In, Bits<4>>,
    pub code: Signal<In, Bits<3>>,
    pub word: Signal<In, Bits<6>>,
    pub ready: Signal<In, bool>,
    pub out_of_lookup: Signal<In, bool>,
    pub out_of_table: Signal<In, bool>,
    pub live: Signal<In, bool>,
    pub same_gen: Signal<In, bool>,
    pub no_ipv6: Signal<In, bool>,
    pub no_markers: Signal<In, bool>,
    pub status: Signal<Out, Bits<4>>,
    pub to_shadow: Signal<Out, bool>,
    pub to_result: Signal<Out, bool>,
    pub to_lookup: Signal<Out, bool>,
    pub to_init: Signal<Out, bool>,
    pub to_pipe: Signal<Out, bool>,
    pub to_tpt: Signal<Out, bool>,
    is_lookup: Signal<Local, bool>,
    is_conn: Signal<Local, bool>,
    is_tpt: Signal<Local, bool>,
    write: Signal<Local, bool>,
    install: Signal<Local, bool>,
    remove: Signal<Local, bool>,
    query: Signal<Local, bool>,
    fence: Signal<Local, bool>,
    read: Signal<Local, bool>,
    known: Signal<Local, bool>,
    verdict: Signal<Local, Bits<4>>,
    go: Signal<Local, bool>,
}

impl Logic for CommandCheck {
    #[hdl_gen]
    fn update(&mut self) {
        self.is_lookup.next = self.which.val() == 0;
        self.is_conn.next = self.which.val() == 1;
        self.is_tpt.next = self.which.val() == 2;
        self.write.next = self.code.val() == 0;
        self.install.next = self.code.val() == 1;
        self.remove.next = self.code.val() == 3;
        self.query.next = self.code.val() == 4;
        self.fence.next = self.code.val() == 5;
        self.read.next = self.code.val() == 6;
        self.known.next = self.install.val()
            | self.remove.val()
            | (self.query.val() & !self.is_lookup.val())
            | (self.fence.val() & self.is_conn.val());

        // The entry; each test below goes before those above it.
        self.verdict.next = 0.into();
        if self.is_conn.val() {
            if self.no_markers.val() & self.install.val() {
                self.verdict.next = 12.into(); // NO_MARKERS
            }
            if self.no_ipv6.val() & self.install.val() {
                self.verdict.next = 11.into(); // NO_IPV6
            }
            if !self.same_gen.val() & !self.install.val() {
                self.verdict.next = 9.into(); // BAD_GEN
            }
            if !self.live.val() & !self.install.val() {
                self.verdict.next = 6.into(); // NOT_FOUND
            }
            if self.live.val() & self.install.val() {
                self.verdict.next = 7.into(); // EXISTS
            }
            if self.out_of_table.val() {
                self.verdict.next = 3.into(); // BAD_INDEX
            }
        }
        if self.is_lookup.val() & self.out_of_lookup.val() {
            self.verdict.next = 3.into(); // BAD_INDEX
        }
        if !self.ready.val() {
            self.verdict.next = 8.into(); // NOT_READY
        }
        if !self.known.val() {
            self.verdict.next = 2.into(); // BAD_OP
        }
        if self.write.val() {
            self.verdict.next = 0.into();
            if self.word.val() >= 11 {
                self.verdict.next = 4.into(); // BAD_WORD
            }
        }
        if self.read.val() {
            self.verdict.next = 0.into();
            if self.word.val() > 1 {
                self.verdict.next = 4.into(); // BAD_WORD
            }
        }
        if !self.is_lookup.val() & !self.is_conn.val() & !self.is_tpt.val() {
            self.verdict.next = 1.into(); // BAD_TABLE
        }

        self.status.next = self.verdict.val();
        self.go.next = !self.verdict.val().any();
        self.to_shadow.next = self.go.val() & self.write.val();
        self.to_result.next = self.go.val() & self.read.val();
        self.to_lookup.next = self.go.val() & self.known.val() & self.is_lookup.val();
        self.to_tpt.next = self.go.val() & self.known.val() & self.is_tpt.val();
        self.to_init.next = self.go.val() & self.install.val() & self.is_conn.val();
        self.to_pipe.next =
            self.go.val() & self.known.val() & !self.install.val() & self.is_conn.val();
    }
}
