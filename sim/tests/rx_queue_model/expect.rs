//! What the model expects: the judgement of a beat, the outputs of a cycle, what is written at its end.

use super::{Bench, Conn, Effect, Issue, Post, Pulses, Step, NIC_SLOTS, NOT, RDQ, RQE, UNKNOWN};
use ferrowarp_abi::stream::RQ_NIC;

impl Bench<'_> {
    pub fn judge_post(&self, p: Post) -> Effect {
        let single = p.n_sge == 1 && p.first && p.last;
        if !single || (p.rq != RQ_NIC && !self.in_range(p.rq)) {
            return Effect::PostBad;
        }
        if p.rq == RQ_NIC {
            if (p.len as usize) < self.cfg.max_frame {
                return Effect::PostBad;
            }
            return Effect::Nic([p.addr.into(), p.idx.into()]);
        }
        let c = &self.conns[&p.rq];
        if c.posted.wrapping_sub(c.smsn) as usize >= self.slots().0 {
            return Effect::RqFull;
        }
        let (gen, msn) = (c.gen.into(), c.posted.into());
        Effect::Rqe(p.rq, [gen, msn, p.idx.into(), p.addr.into(), p.len.into()])
    }

    pub fn judge_issue(&self, i: Issue) -> Effect {
        match self.conns.get(&i.conn) {
            Some(c) if c.gen == i.gen => {
                if c.issued.wrapping_sub(c.head) as usize >= self.slots().1 {
                    return Effect::OrdFull;
                }
                let (gen, count) = (c.gen.into(), c.issued.into());
                // An Atomic's Response comes on queue 3.
                let to = i.to | if i.atomic { 3 << 32 } else { 0 };
                let (sq_idx, stag, len) = (i.sq_idx.into(), i.stag.into(), i.len.into());
                let row = [gen, count, 1, sq_idx, stag, to.into(), len, i.atomic.into()];
                Effect::Rdq(i.conn, row)
            }
            _ => Effect::PostBad,
        }
    }

    /// Outputs of this cycle.
    pub fn check_outputs(&mut self, step: &Step) {
        let now = self.now;
        if let Some((rqe, rdq)) = self.reads.remove(&now) {
            for (port, names, want) in [("rqe", &RQE[..], &rqe[..]), ("rdq", &RDQ[..], &rdq[..])] {
                let bits = self.dut.get_bits(port);
                for (name, want) in names.iter().zip(want) {
                    let got = self.design.field_of(port, &bits, name);
                    if want & NOT == 0 || *want < NOT {
                        assert_eq!(got, *want, "{port}.{name} in cycle {now}");
                    } else if *want != UNKNOWN {
                        assert_ne!(got, want & !NOT, "{port}.{name} in cycle {now}");
                    }
                }
            }
        }
        assert_eq!(
            self.dut.bit("nic_valid"),
            !self.nic.is_empty(),
            "nic_valid in cycle {now}"
        );
        if let Some(buf) = self.nic.front() {
            let got = ["nic_addr", "nic_idx"].map(|p| self.dut.get(p));
            assert_eq!(got, *buf, "host buffer in cycle {now}");
        }

        let effects = self.effects.get(&now).cloned().unwrap_or_default();
        let mut want = Pulses::default();
        let (mut answered, mut mirror) = (None, None);
        for e in &effects {
            match e {
                Effect::Answered(conn, v) => answered = Some((*conn, *v)),
                Effect::Mirror(conn, m) => mirror = Some((*conn, *m)),
                Effect::RqFull => want.rq_full = 1,
                Effect::OrdFull => want.ord_full = 1,
                Effect::Nic(_) if self.nic.len() == NIC_SLOTS => want.nic_full = 1,
                Effect::PostBad => want.post_bad = 1,
                Effect::Stale => want.stale = 1,
                _ => {}
            }
        }
        let got = [
            "rq_full",
            "ord_full",
            "nic_full",
            "post_bad",
            "mirror_stale",
        ]
        .map(|p| self.dut.get(p) as u32);
        let all = [
            want.rq_full,
            want.ord_full,
            want.nic_full,
            want.post_bad,
            want.stale,
        ];
        assert_eq!(got, all, "pulses in cycle {now}");
        self.pulses.rq_full += want.rq_full;
        self.pulses.ord_full += want.ord_full;
        self.pulses.nic_full += want.nic_full;
        self.pulses.post_bad += want.post_bad;
        self.pulses.stale += want.stale;

        // The rows of an init: mirror and Reads answered in one cycle that X3 leaves free.
        if let (Some(init), true) = (self.init, effects.is_empty() && self.dut.bit("mir_we")) {
            assert!(
                step.consume.is_none(),
                "an init writes over X3 in cycle {now}"
            );
            self.init_rows += 1;
            mirror = Some((init.conn, init.send));
            answered = Some((init.conn, init.rmsn.wrapping_sub(1) as u16));
        }
        assert_eq!(
            self.dut.bit("mir_we"),
            mirror.is_some(),
            "mir_we in cycle {now}"
        );
        if let Some((conn, send)) = mirror {
            let bits = self.dut.get_bits("mir_row");
            let got = ["snd_una", "snd_nxt", "max_wnd", "last_ack"]
                .map(|f| self.design.field_of("mir_row", &bits, f) as u32);
            assert_eq!(self.dut.get("mir_conn"), conn.into());
            assert_eq!(got, send, "mirror in cycle {now}");
        }
        assert_eq!(
            self.dut.bit("rdd_we"),
            answered.is_some(),
            "rdd_we in cycle {now}"
        );
        if let Some((conn, value)) = answered {
            assert_eq!(self.dut.get("rdd_conn"), conn.into());
            assert_eq!(
                self.dut.get("rdd_val"),
                value.into(),
                "rdd_val in cycle {now}"
            );
        }
    }

    /// Effects that are written at the end of this cycle.
    pub fn apply(&mut self, now: usize) {
        let (rq, ord) = self.slots();
        for e in self.effects.remove(&now).unwrap_or_default() {
            match e {
                Effect::Rqe(conn, row) => {
                    let c = self.conns.get_mut(&conn).expect("judged");
                    c.rqe[row[1] as usize % rq] = row;
                    c.posted = c.posted.wrapping_add(1);
                }
                Effect::Rdq(conn, row) => {
                    let c = self.conns.get_mut(&conn).expect("judged");
                    c.rdq[row[1] as usize % ord] = row;
                    c.issued = c.issued.wrapping_add(1);
                }
                Effect::Answered(conn, value) => {
                    self.conns.get_mut(&conn).expect("judged").answered = value;
                }
                // Full was judged before this cycle's pop.
                Effect::Nic(buf) if self.dut.get("nic_full") == 0 => self.nic.push_back(buf),
                _ => {}
            }
        }
    }

    pub fn finish_init(&mut self) {
        let Some(i) = self.init.take() else { return };
        let (rq, ord) = self.slots();
        let took = self.now - self.init_start;
        assert!(
            took > rq.max(ord),
            "an init of {took} cycles cannot have emptied the slots"
        );
        assert_eq!(self.init_rows, 1, "rows written by an init");
        let mut rqe = vec![[0; 5]; rq];
        for slot in 0..rq.max(ord) as u32 {
            rqe[slot as usize % rq] = [i.gen.into(), (!slot).into(), 0, 0, 0];
        }
        for (slot, row) in rqe.iter().enumerate() {
            assert_ne!(
                row[1] as usize % rq,
                slot,
                "an empty slot must not match any MSN"
            );
        }
        let conn = Conn {
            gen: i.gen,
            posted: i.smsn,
            smsn: i.smsn,
            issued: 0,
            head: 0,
            answered: i.rmsn.wrapping_sub(1) as u16,
            rqe,
            rdq: vec![[i.gen.into(), 0, 0, 0, 0, 0, 0, 0]; ord],
        };
        self.conns.insert(i.conn, conn);
    }
}
