//! Reads pcap and pcapng files with Ethernet frames, and writes pcap.
//!
//! A file that can't be used whole is refused with one line that names it: a replay of half a capture proves nothing.

use pcap_file::pcap::{PcapHeader, PcapPacket, PcapParser, PcapWriter};
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use pcap_file::pcapng::{Block, PcapNgParser};
use pcap_file::{DataLink, Endianness, PcapError, TsResolution};
use std::path::Path;
use std::time::Duration;
use thiserror::Error;

/// One frame, without preamble and FCS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedFrame {
    /// Number in the file, from 1 as packet tools count.
    pub number: usize,
    /// Time since the epoch.
    pub time: Duration,
    pub data: Vec<u8>,
}

/// All frames of a file, in file order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capture {
    pub name: String,
    pub frames: Vec<CapturedFrame>,
}

#[derive(Debug, Error)]
pub enum CaptureError {
    #[error("{name}: {source}")]
    Io {
        name: String,
        source: std::io::Error,
    },
    #[error("{name}: the file is empty; record again")]
    EmptyFile { name: String },
    #[error("{name}: not a capture (neither pcap nor pcapng); give a file written by tcpdump, dumpcap or Wireshark")]
    NotACapture { name: String },
    #[error("{name}: the file ends inside packet {number}; copy it again or cut it with editcap")]
    Truncated { name: String, number: usize },
    #[error(
        "{name}: link type {link} is not Ethernet; record on an Ethernet interface (not on 'any')"
    )]
    LinkType { name: String, link: String },
    #[error("{name}: packet {number} holds {captured} of {original} octets; record again with snap length 0")]
    SnapLength {
        name: String,
        number: usize,
        captured: u32,
        original: u32,
    },
    #[error("{name}: no packets in the capture; check the capture filter")]
    NoPackets { name: String },
    #[error("{name}: packet {number} can't be read: {reason}")]
    Malformed {
        name: String,
        number: usize,
        reason: String,
    },
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Capture, CaptureError> {
    let name = path.display().to_string();
    let data = std::fs::read(path).map_err(|source| CaptureError::Io {
        name: name.clone(),
        source,
    })?;
    read_bytes(&name, &data)
}

/// Reads a file's octets; `name` goes into the error lines.
pub fn read_bytes(name: &str, data: &[u8]) -> Result<Capture, CaptureError> {
    let mut r = Reader {
        name,
        frames: Vec::new(),
    };
    match data.get(..4) {
        None if data.is_empty() => return Err(CaptureError::EmptyFile { name: name.into() }),
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => r.pcapng(data)?,
        Some(
            [0xa1, 0xb2, 0xc3, 0xd4]
            | [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x4d, 0x3c, 0xb2, 0xa1],
        ) => r.pcap(data)?,
        _ => return Err(CaptureError::NotACapture { name: name.into() }),
    }
    if r.frames.is_empty() {
        return Err(CaptureError::NoPackets { name: name.into() });
    }
    Ok(Capture {
        name: name.into(),
        frames: r.frames,
    })
}

struct Reader<'a> {
    name: &'a str,
    frames: Vec<CapturedFrame>,
}

impl Reader<'_> {
    fn number(&self) -> usize {
        self.frames.len() + 1
    }

    fn error(&self, e: PcapError) -> CaptureError {
        let (name, number) = (self.name.to_string(), self.number());
        match e {
            PcapError::IncompleteBuffer => CaptureError::Truncated { name, number },
            e => CaptureError::Malformed {
                name,
                number,
                reason: e.to_string(),
            },
        }
    }

    fn link(&self, link: DataLink) -> Result<(), CaptureError> {
        if link == DataLink::ETHERNET {
            return Ok(());
        }
        Err(CaptureError::LinkType {
            name: self.name.into(),
            link: format!("{link:?}"),
        })
    }

    fn push(&mut self, time: Duration, data: &[u8], original: u32) -> Result<(), CaptureError> {
        let captured = data.len() as u32;
        if captured < original {
            return Err(CaptureError::SnapLength {
                name: self.name.into(),
                number: self.number(),
                captured,
                original,
            });
        }
        let number = self.number();
        self.frames.push(CapturedFrame {
            number,
            time,
            data: data.to_vec(),
        });
        Ok(())
    }

    fn pcap(&mut self, data: &[u8]) -> Result<(), CaptureError> {
        let (mut rest, parser) = PcapParser::new(data).map_err(|e| self.error(e))?;
        let header = parser.header();
        self.link(header.datalink)?;
        let unit = if header.ts_resolution == TsResolution::NanoSecond {
            1
        } else {
            1000
        };
        while !rest.is_empty() {
            // Raw packets: the checked form refuses frames longer than the header's snap length, which editors leave stale.
            let (tail, p) = parser.next_raw_packet(rest).map_err(|e| self.error(e))?;
            rest = tail;
            let time = Duration::from_secs(u64::from(p.ts_sec))
                + Duration::from_nanos(u64::from(p.ts_frac) * unit);
            self.push(time, &p.data, p.orig_len)?;
        }
        Ok(())
    }

    fn pcapng(&mut self, data: &[u8]) -> Result<(), CaptureError> {
        let (mut rest, mut parser) = PcapNgParser::new(data).map_err(|e| self.error(e))?;
        while !rest.is_empty() {
            let (tail, block) = parser.next_block(rest).map_err(|e| self.error(e))?;
            rest = tail;
            match block {
                Block::EnhancedPacket(p) => {
                    let bad = PcapError::InvalidInterfaceId(p.interface_id);
                    let interface = parser
                        .interfaces()
                        .get(p.interface_id as usize)
                        .ok_or(bad)
                        .map_err(|e| self.error(e))?;
                    self.link(interface.linktype)?;
                    let resolution = interface.options.iter().find_map(|o| match o {
                        InterfaceDescriptionOption::IfTsResol(r) => Some(*r),
                        _ => None,
                    });
                    // The library hands the raw count over as if it were nanoseconds.
                    let time =
                        ticks_to_time(p.timestamp.as_nanos() as u64, resolution.unwrap_or(6));
                    self.push(time, &p.data, p.original_len)?;
                }
                Block::SimplePacket(p) => {
                    if let Some(i) = parser.interfaces().first() {
                        self.link(i.linktype)?;
                    }
                    // No time in this block: keep the order.
                    let time = self.frames.last().map_or(Duration::ZERO, |f| f.time);
                    let n = (p.original_len as usize).min(p.data.len());
                    self.push(time, &p.data[..n], p.original_len)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// pcapng `if_tsresol`: power of ten, or of two with the top bit set.
fn ticks_to_time(ticks: u64, resolution: u8) -> Duration {
    let per_second: u128 = if resolution & 0x80 != 0 {
        1u128 << (resolution & 0x7f).min(63)
    } else {
        10u128.pow(u32::from(resolution).min(18))
    };
    let t = u128::from(ticks);
    Duration::new(
        (t / per_second) as u64,
        (t % per_second * 1_000_000_000 / per_second) as u32,
    )
}

/// Writes a pcap file with nanosecond times.
pub fn write(path: &Path, capture: &Capture) -> Result<(), CaptureError> {
    let io = |source| CaptureError::Io {
        name: path.display().to_string(),
        source,
    };
    let bytes = write_bytes(capture)?;
    std::fs::write(path, bytes).map_err(io)
}

/// The octets of a pcap file with nanosecond times.
pub fn write_bytes(capture: &Capture) -> Result<Vec<u8>, CaptureError> {
    let bad = |number: usize, e: PcapError| CaptureError::Malformed {
        name: capture.name.clone(),
        number,
        reason: e.to_string(),
    };
    let longest = capture
        .frames
        .iter()
        .map(|f| f.data.len())
        .max()
        .unwrap_or(0);
    let header = PcapHeader {
        snaplen: longest.max(262_144) as u32,
        datalink: DataLink::ETHERNET,
        ts_resolution: TsResolution::NanoSecond,
        endianness: Endianness::Little,
        ..Default::default()
    };
    let mut w = PcapWriter::with_header(Vec::new(), header).map_err(|e| bad(0, e))?;
    for f in &capture.frames {
        let p = PcapPacket::new(f.time, f.data.len() as u32, &f.data);
        w.write_packet(&p).map_err(|e| bad(f.number, e))?;
    }
    Ok(w.into_writer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::PcapngWriter;

    fn sample() -> Capture {
        let frames = (0..3u64)
            .map(|i| CapturedFrame {
                number: i as usize + 1,
                time: Duration::new(i, 5 + i as u32),
                data: vec![i as u8; 60 + i as usize],
            })
            .collect();
        Capture {
            name: "t".into(),
            frames,
        }
    }

    fn pcapng(
        resolution: Option<u8>,
        ticks: u64,
        link: u16,
        captured: u32,
        original: u32,
    ) -> Vec<u8> {
        PcapngWriter::new(link, resolution)
            .packet(ticks, &vec![0xaa; captured as usize], original)
            .finish()
    }

    #[test]
    fn pcap_round_trip() {
        let c = sample();
        let bytes = write_bytes(&c).expect("written");
        assert_eq!(read_bytes("t", &bytes).expect("read"), c);
    }

    #[test]
    fn pcapng_times_follow_the_resolution() {
        for (resolution, ticks) in [
            (None, 1_500_000),
            (Some(6), 1_500_000),
            (Some(9), 1_500_000_000),
            (Some(3), 1500),
            (Some(0x81), 3),
        ] {
            let c = read_bytes("t", &pcapng(resolution, ticks, 1, 62, 62)).expect("read");
            assert_eq!(
                (c.frames[0].time, c.frames[0].data.len()),
                (Duration::from_millis(1500), 62),
                "resolution {resolution:?}"
            );
        }
    }

    #[test]
    fn every_refusal_is_one_line_and_says_what_to_do() {
        let good = write_bytes(&sample()).expect("written");
        let mut link = good.clone();
        link[20] = 113;
        let mut cut = good.clone();
        cut.truncate(good.len() - 1);
        let mut snap = good.clone();
        snap[36] = 100;
        let cases: [(&[u8], &str); 8] = [
            (b"", "empty"),
            (b"hello world, this is text", "not a capture"),
            (&link, "link type"),
            (&cut, "ends inside packet 3"),
            (&snap, "packet 1 holds 60 of 100"),
            (&good[..24], "no packets"),
            (&good[..10], "ends inside"),
            (&pcapng(None, 0, 113, 62, 62), "link type"),
        ];
        for (data, want) in cases {
            let e = read_bytes("f.pcap", data).expect_err(want).to_string();
            assert!(
                e.contains(want) && e.starts_with("f.pcap: ") && !e.contains('\n'),
                "{e}"
            );
        }
        let e = read_bytes("f", &pcapng(None, 0, 1, 62, 90))
            .expect_err("snap")
            .to_string();
        assert!(e.contains("62 of 90"), "{e}");
        assert!(read(Path::new("/nonexistent/x.pcap")).is_err());
    }

    #[test]
    fn damaged_files_never_panic() {
        let good = write_bytes(&sample()).expect("written");
        let ng = pcapng(Some(9), 77, 1, 62, 62);
        for base in [&good, &ng] {
            for n in 0..base.len() {
                let _ = read_bytes("t", &base[..n]);
                let mut d = base.to_vec();
                d[n] ^= 0xff;
                let _ = read_bytes("t", &d);
            }
        }
    }
}
