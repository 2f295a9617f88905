//! The form of the packets on `dma_wr_data`: as many octets as the request asked for, packed from lane 0, full beats but the
//! last, `tlast` there and nowhere else (`docs/seams.md`).

use super::DmaWrite;

/// What is wrong with the next beat of `write`, if something is; a beat has `k` lanes.
pub(super) fn fault(write: &DmaWrite, keep: u64, last: bool, k: usize) -> Option<String> {
    let left = (write.len as usize).saturating_sub(write.data.len());
    let n = left.min(k);
    let want = if n == 64 { u64::MAX } else { (1 << n) - 1 };
    if n > 0 && keep == want && last == (left <= k) {
        return None;
    }
    Some(format!(
        "dma_wr_data: write of {} octets to {:#x}: behind {} octets a beat with tkeep {keep:#x}, tlast {last}",
        write.len,
        write.addr,
        write.data.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_packed_and_as_long_as_its_request() {
        let after = |len, have| DmaWrite {
            len,
            data: vec![0; have],
            ..DmaWrite::stray(0, &[])
        };
        let bad = |len, have, keep, last| fault(&after(len, have), keep, last, 8).is_some();
        assert!(!bad(8, 0, 0xff, true) && !bad(9, 0, 0xff, false) && !bad(9, 8, 1, true));
        assert!(!bad(11, 8, 7, true));
        // The end is not told, or told too early; octets are missing, too many, or not in the first lanes.
        assert!(bad(8, 0, 0xff, false) && bad(9, 0, 0xff, true));
        assert!(bad(11, 8, 3, true) && bad(11, 8, 0xf, true) && bad(11, 8, 0xe, true));
        assert!(bad(16, 0, 0x7f, false) && bad(8, 8, 0, true) && bad(8, 8, 1, true));
        assert!(fault(&after(64, 0), u64::MAX, true, 64).is_none());
    }
}
