//! Frames as a peer reads them: etherparse, which knows nothing of the builder.

use etherparse::{NetSlice, SlicedPacket, TcpOptionElement, TransportSlice};

#[derive(Clone, Default, PartialEq)]
pub struct Frame {
    pub conn: u32,
    pub seq: u32,
    pub ack: u32,
    pub wnd: u16,
    pub psh: bool,
    pub ts: Option<(u32, u32)>,
    pub sack: Vec<(u32, u32)>,
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let n = self.payload.len();
        write!(f, "connection {} seq {:x} ", self.conn, self.seq)?;
        write!(
            f,
            "ack {:x} wnd {:x} ts {:x?} ",
            self.ack, self.wnd, self.ts
        )?;
        write!(f, "SACK {:x?} psh {} {n} octets", self.sack, self.psh)
    }
}

/// Port of connection 0.
pub const PORT: u16 = 7000;

/// Checks everything that has a checksum and takes the rest apart.
pub fn decode(octets: &[u8]) -> Frame {
    let p = SlicedPacket::from_ethernet(octets).unwrap_or_else(|e| panic!("{e}: {octets:02x?}"));
    let Some(NetSlice::Ipv4(ip)) = &p.net else {
        panic!("no IPv4 header: {octets:02x?}");
    };
    let header = ip.header().to_header();
    assert_eq!(header.header_checksum, header.calc_header_checksum());
    assert!(header.dont_fragment);
    let Some(TransportSlice::Tcp(tcp)) = &p.transport else {
        panic!("no TCP header: {octets:02x?}");
    };
    let sum = tcp
        .calc_checksum_ipv4(header.source, header.destination)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(tcp.checksum(), sum, "TCP checksum");
    assert!(tcp.ack() && !tcp.syn() && !tcp.fin() && !tcp.rst() && !tcp.urg());
    let mut f = Frame {
        conn: u32::from(tcp.source_port() - PORT),
        seq: tcp.sequence_number(),
        ack: tcp.acknowledgment_number(),
        wnd: tcp.window_size(),
        psh: tcp.psh(),
        payload: tcp.payload().to_vec(),
        ..Frame::default()
    };
    for o in tcp.options_iterator() {
        match o.unwrap_or_else(|e| panic!("{e}")) {
            TcpOptionElement::Noop => (),
            TcpOptionElement::Timestamp(val, ecr) => f.ts = Some((val, ecr)),
            TcpOptionElement::SelectiveAcknowledgement(first, rest) => {
                f.sack.push(first);
                f.sack.extend(rest.iter().flatten());
            }
            o => panic!("{o:?} does not belong here"),
        }
    }
    f
}
