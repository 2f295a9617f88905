//! Cycle model of the merge and of the admission, from the text of the blocks' heads.

use std::collections::VecDeque;

/// One beat of a stream; `data` always has the port's width, garbage behind `octets` included.
#[derive(Clone, Debug, Default)]
pub struct Beat {
    pub data: Vec<u8>,
    pub octets: usize,
    pub last: bool,
    pub bad: bool,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum Feed {
    #[default]
    Direct,
    Inject,
    Drain,
}

/// The merge in front of the receive path.
#[derive(Default)]
pub struct Merge {
    feed: Feed,
    begun: bool,
    fifo: VecDeque<Beat>,
    depth: usize,
    open: bool,
    swallow: bool,
}

/// What the merge does in one cycle.
#[derive(Default)]
pub struct Merged {
    pub out: Option<Beat>,
    pub inject_ready: bool,
    /// A MAC frame was cut or lost.
    pub lost: bool,
}

impl Merge {
    pub fn new(max_frame: usize, k: usize) -> Self {
        Merge {
            depth: (max_frame.div_ceil(k) + 16).next_power_of_two(),
            ..Default::default()
        }
    }

    pub fn step(&mut self, mac: Option<&Beat>, inject: Option<&Beat>, go: bool) -> Merged {
        let mut m = Merged::default();
        let taken = mac.filter(|_| !self.swallow).cloned();
        let waiting = self.fifo.len();
        let mut next = self.feed;
        match self.feed {
            Feed::Direct => {
                m.out = taken.clone();
                if !self.open && mac.is_none() && go && inject.is_some() {
                    next = Feed::Inject;
                }
            }
            Feed::Inject => {
                m.inject_ready = self.begun || go;
                m.out = inject.filter(|_| m.inject_ready).cloned();
                self.begun = match &m.out {
                    Some(b) => !b.last,
                    None => self.begun,
                };
            }
            Feed::Drain => m.out = self.fifo.pop_front(),
        }
        if let Some(b) = mac {
            self.open = !b.last;
        }
        if self.feed != Feed::Direct {
            if let Some(mut b) = taken {
                let last = b.last;
                if waiting == self.depth {
                    m.lost = true;
                    self.swallow = !last;
                } else {
                    if waiting == self.depth - 1 && !last {
                        m.lost = true;
                        (b.last, b.bad) = (true, true);
                        self.swallow = true;
                    }
                    self.fifo.push_back(b);
                }
            }
        }
        if mac.is_some_and(|b| b.last) {
            self.swallow = false;
        }
        let over = match self.feed {
            Feed::Direct => false,
            Feed::Inject => !self.begun,
            Feed::Drain => true,
        };
        if over {
            next = if self.fifo.is_empty() {
                Feed::Direct
            } else {
                Feed::Drain
            };
        }
        self.feed = next;
        m
    }
}

/// Slots and staging room.
pub struct Admission {
    slots: usize,
    ring: usize,
    beats: usize,
    done: Vec<bool>,
    ends: Vec<usize>,
    pub head: usize,
    last: usize,
    count: usize,
    tail: usize,
    pub wp: usize,
    room: bool,
}

impl Admission {
    pub fn new(slot_bits: usize, stage_bits: usize, max_frame: usize, k: usize) -> Self {
        let slots = 1 << slot_bits;
        Admission {
            slots,
            ring: 1 << stage_bits,
            beats: max_frame.div_ceil(k),
            done: vec![false; slots],
            ends: vec![0; slots],
            head: 0,
            last: 0,
            count: 0,
            tail: 0,
            wp: 0,
            room: false,
        }
    }

    pub fn slot_ok(&self) -> bool {
        self.count < self.slots
    }

    /// Room for a frame of the greatest length, as known from the cycle before.
    pub fn room_ok(&self) -> bool {
        self.room
    }

    /// The clock edge: a beat was stored, it ended a frame, these slots were freed.
    pub fn edge(&mut self, stored: bool, ended: bool, freed: &[usize]) {
        let used = (self.wp + self.ring - self.tail) % self.ring;
        self.room = used + self.beats + 2 < self.ring;
        let retire = self.done[self.last];
        if retire {
            self.done[self.last] = false;
            self.tail = self.ends[self.last];
            self.last = (self.last + 1) % self.slots;
            self.count -= 1;
        }
        for &s in freed {
            self.done[s] = true;
        }
        if stored {
            self.wp = (self.wp + 1) % self.ring;
        }
        if ended {
            self.ends[self.head] = self.wp;
            self.head = (self.head + 1) % self.slots;
            self.count += 1;
        }
    }
}
