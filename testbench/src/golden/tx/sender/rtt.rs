//! Round trip time and retransmission time-out (RFC 6298).

use super::config::{Ns, SenderConfig};

#[derive(Debug, Clone)]
pub struct RttEstimator {
    srtt: Option<Ns>,
    rttvar: Ns,
    rto: Ns,
    granularity: Ns,
    min: Ns,
    max: Ns,
    samples: u64,
}

impl RttEstimator {
    pub fn new(cfg: &SenderConfig) -> Self {
        RttEstimator {
            srtt: None,
            rttvar: 0,
            rto: cfg.rto_initial,
            granularity: cfg.granularity,
            min: cfg.rto_min,
            max: cfg.rto_max,
            samples: 0,
        }
    }

    /// A sample: alpha 1/8, beta 1/4, K 4. It also ends the back-off (5.7).
    pub fn sample(&mut self, rtt: Ns) {
        self.samples += 1;
        match self.srtt {
            None => {
                self.srtt = Some(rtt);
                self.rttvar = rtt / 2;
            }
            Some(srtt) => {
                self.rttvar = (3 * self.rttvar + srtt.abs_diff(rtt)) / 4;
                self.srtt = Some((7 * srtt + rtt) / 8);
            }
        }
        let spread = self.granularity.max(4 * self.rttvar);
        let rto = self.srtt.unwrap_or(0) + spread;
        self.rto = rto.max(self.min).min(self.max);
    }

    /// The timer expired (5.5).
    pub fn back_off(&mut self) {
        self.rto = (self.rto * 2).min(self.max);
    }

    pub fn rto(&self) -> Ns {
        self.rto
    }

    pub fn srtt(&self) -> Option<Ns> {
        self.srtt
    }

    pub fn rttvar(&self) -> Ns {
        self.rttvar
    }

    pub fn samples(&self) -> u64 {
        self.samples
    }
}
