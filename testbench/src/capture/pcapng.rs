//! Writes pcapng files, packet by packet: for tests of the reader, which a well-meaning library would not let write odd ones.

/// A little-endian file with one section and one interface.
pub struct PcapngWriter {
    file: Vec<u8>,
}

impl PcapngWriter {
    /// `link` is the link type (1: Ethernet), `resolution` the option if_tsresol; without it ticks are microseconds.
    pub fn new(link: u16, resolution: Option<u8>) -> Self {
        let mut w = Self { file: Vec::new() };
        let mut section = 0x1a2b_3c4du32.to_le_bytes().to_vec();
        section.extend([1, 0, 0, 0]);
        section.extend(u64::MAX.to_le_bytes());
        w.block(0x0a0d_0d0a, &section);
        let mut interface = link.to_le_bytes().to_vec();
        interface.extend([0, 0, 0, 0, 4, 0]);
        if let Some(r) = resolution {
            interface.extend([9, 0, 1, 0, r, 0, 0, 0, 0, 0, 0, 0]);
        }
        w.block(1, &interface);
        w
    }

    /// Adds a packet of `original` octets on the wire, of which `data` was captured.
    pub fn packet(mut self, ticks: u64, data: &[u8], original: u32) -> Self {
        let mut body = 0u32.to_le_bytes().to_vec();
        body.extend(((ticks >> 32) as u32).to_le_bytes());
        body.extend((ticks as u32).to_le_bytes());
        body.extend((data.len() as u32).to_le_bytes());
        body.extend(original.to_le_bytes());
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        self.block(6, &body);
        self
    }

    pub fn finish(self) -> Vec<u8> {
        self.file
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = 12 + body.len() as u32;
        self.file.extend(kind.to_le_bytes());
        self.file.extend(length.to_le_bytes());
        self.file.extend(body);
        self.file.extend(length.to_le_bytes());
    }
}
