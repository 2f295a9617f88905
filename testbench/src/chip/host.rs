//! The host's side of the tables: registers, connections, memory regions, fences.

use super::{Chip, ChipError};
use ferrowarp_abi::code::{op, right, status, table};
use ferrowarp_abi::register::{counter_address, ADDR_STATUS, COUNTERS, STATUS_READY};
use ferrowarp_abi::table::{ConnState, InstallRecord, LookupRow, TptRecord};
use ferrowarp_hdl::rx::lookup::{bucket_key, pack_tuple, Tuple};
use std::net::IpAddr;

/// Cycles that a command or a register access may take.
const PATIENCE: u64 = 100_000;

/// A `table_cmd`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command {
    pub table: u8,
    pub op: u8,
    pub index: u32,
    pub word: u8,
    pub data: u64,
}

/// What a region may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StagRights {
    pub remote_write: bool,
    pub remote_read: bool,
    pub read_sink: bool,
    pub remote_invalidate: bool,
}

/// A memory region to register. The STag is index << 8 | key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    pub stag: u32,
    pub rights: StagRights,
    pub pd: u32,
    pub bound_to: Option<u32>,
    /// First TO, octets, DMA address of the first octet.
    pub base: u64,
    pub len: u32,
    pub pa: u64,
}

/// The address fields of an install record: whether they are IPv6, the peer's, ours. Of a pair of two versions the IPv4 one
/// is mapped.
pub fn addresses(peer: IpAddr, us: IpAddr) -> (bool, u128, u128) {
    if let (IpAddr::V4(peer), IpAddr::V4(us)) = (peer, us) {
        return (false, u32::from(peer).into(), u32::from(us).into());
    }
    let six = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        IpAddr::V6(ip) => ip.into(),
    };
    (true, six(peer), six(us))
}

impl Chip {
    /// Reads the register at `address`.
    pub fn register(&mut self, address: u16) -> Result<u32, ChipError> {
        self.access(address, None)
    }

    /// Writes the register at `address`.
    pub fn write_register(&mut self, address: u16, data: u32) -> Result<(), ChipError> {
        self.access(address, Some(data)).map(|_| ())
    }

    fn access(&mut self, address: u16, write: Option<u32>) -> Result<u32, ChipError> {
        self.register_ask = Some((address, write));
        self.register_answer = None;
        let start = self.cycle();
        loop {
            self.tick()?;
            if let Some(value) = self.register_answer.take() {
                return Ok(value);
            }
            if self.cycle() - start > PATIENCE {
                let what = format!("register {address:#06x} does not answer");
                return Err(ChipError::Hang {
                    cycles: PATIENCE,
                    what,
                });
            }
        }
    }

    /// A counter by its name in the schema.
    pub fn counter(&mut self, name: &str) -> Result<u32, ChipError> {
        let index = COUNTERS
            .iter()
            .position(|c| c.name == name)
            .ok_or_else(|| ChipError::Table(format!("no counter named {name}")))?;
        self.register(counter_address(index))
    }

    /// All counters that are not zero.
    pub fn counters(&mut self) -> Result<Vec<(&'static str, u32)>, ChipError> {
        let mut all = Vec::new();
        for (i, c) in COUNTERS.iter().enumerate() {
            let v = self.register(counter_address(i))?;
            if v != 0 {
                all.push((c.name, v));
            }
        }
        Ok(all)
    }

    pub(super) fn wait_ready(&mut self) -> Result<(), ChipError> {
        let start = self.cycle();
        while self.register(ADDR_STATUS)? & STATUS_READY == 0 {
            for _ in 0..64 {
                self.tick()?;
            }
            if self.cycle() - start > 4 * PATIENCE {
                let what = "the tables are not cleared after reset".into();
                return Err(ChipError::Hang {
                    cycles: 4 * PATIENCE,
                    what,
                });
            }
        }
        Ok(())
    }

    /// One table command; the answer's data if its status is OK.
    pub fn command(
        &mut self,
        table: u8,
        op: u8,
        index: u32,
        word: u8,
        data: u64,
    ) -> Result<u64, ChipError> {
        self.command_ask = Some(Command {
            table,
            op,
            index,
            word,
            data,
        });
        self.command_answer = None;
        let start = self.cycle();
        loop {
            self.tick()?;
            if let Some((st, value)) = self.command_answer.take() {
                if st == status::OK {
                    return Ok(value);
                }
                let name = status::ENCODING
                    .name_of(u32::from(st))
                    .unwrap_or("unknown status");
                return Err(ChipError::Command {
                    what: format!("table {table} op {op} index {index:#x}"),
                    status: name.to_string(),
                });
            }
            if self.cycle() - start > PATIENCE {
                let what = format!("table command: table {table} op {op} index {index:#x}");
                return Err(ChipError::Hang {
                    cycles: PATIENCE,
                    what,
                });
            }
        }
    }

    fn record(&mut self, words: &[u64]) -> Result<(), ChipError> {
        for (i, w) in words.iter().enumerate() {
            self.command(table::CONN, op::WRITE, 0, i as u8, *w)?;
        }
        Ok(())
    }

    /// Installs a connection and its lookup entry.
    pub fn install(&mut self, conn: u16, rec: &InstallRecord) -> Result<(), ChipError> {
        let words = rec
            .pack()
            .map_err(|e| ChipError::Table(format!("connection {conn}: {e:?}")))?;
        let tuple = if rec.v6 {
            Tuple::v6(rec.vlan, rec.src, rec.dst, rec.sport, rec.dport)
        } else {
            let (src, dst) = (rec.src as u32, rec.dst as u32);
            pack_tuple(rec.vlan, src, dst, rec.sport, rec.dport).into()
        };
        let (index, row) = self
            .lookup
            .place(conn, bucket_key(tuple, self.cfg.bucket_bits))
            .map_err(|e| ChipError::Table(format!("connection {conn}: {e}")))?;
        self.record(&words[..rec.words()])?;
        if let Err(e) = self.command(table::CONN, op::INSTALL, u32::from(conn), 0, 0) {
            self.lookup.take(conn);
            return Err(e);
        }
        self.write_row(index, &row)
    }

    fn write_row(&mut self, index: u32, row: &LookupRow) -> Result<(), ChipError> {
        let words = row
            .pack()
            .map_err(|e| ChipError::Table(format!("lookup row {index:#x}: {e:?}")))?;
        self.record(&words)?;
        self.command(table::LOOKUP, op::INSTALL, index, 0, 0)
            .map(|_| ())
    }

    /// Takes a connection out: first its lookup entry, then the connection. Its final state.
    pub fn remove(&mut self, conn: u16, gen: u8) -> Result<ConnState, ChipError> {
        if let Some((index, row)) = self.lookup.take(conn) {
            self.write_row(index, &row)?;
        }
        self.command(table::CONN, op::REMOVE, u32::from(conn), 0, u64::from(gen))?;
        self.state()
    }

    /// The live state of a connection.
    pub fn query(&mut self, conn: u16, gen: u8) -> Result<ConnState, ChipError> {
        self.command(table::CONN, op::QUERY, u32::from(conn), 0, u64::from(gen))?;
        self.state()
    }

    fn state(&mut self) -> Result<ConnState, ChipError> {
        let a = self.command(table::CONN, op::READ, 0, 0, 0)?;
        let b = self.command(table::CONN, op::READ, 0, 1, 0)?;
        Ok(ConnState::unpack([a, b]))
    }

    /// Sends a fence; a `cpl_event` of kind FENCE with `id` follows when all before it has been written.
    pub fn fence(&mut self, conn: u16, gen: u8, id: u16) -> Result<(), ChipError> {
        self.command(
            table::CONN,
            op::FENCE,
            u32::from(conn),
            0,
            u64::from(gen) | u64::from(id) << 8,
        )
        .map(|_| ())
    }

    pub fn register_region(&mut self, r: &Region) -> Result<(), ChipError> {
        let bit = |on: bool, b: u8| if on { b } else { 0 };
        let rec = TptRecord {
            key: r.stag as u8,
            rights: bit(r.rights.remote_write, right::REMOTE_WRITE)
                | bit(r.rights.remote_read, right::REMOTE_READ)
                | bit(r.rights.read_sink, right::READ_SINK)
                | bit(r.rights.remote_invalidate, right::REMOTE_INVALIDATE),
            bound_to: r.bound_to,
            pd: r.pd,
            base: r.base,
            len: r.len,
            pa: r.pa,
        };
        let words = rec
            .pack()
            .map_err(|e| ChipError::Table(format!("STag {:#010x}: {e:?}", r.stag)))?;
        self.record(&words)?;
        self.command(table::TPT, op::INSTALL, r.stag >> 8, 0, 0)
            .map(|_| ())
    }

    pub fn deregister_region(&mut self, stag: u32) -> Result<(), ChipError> {
        self.command(table::TPT, op::REMOVE, stag >> 8, 0, u64::from(stag & 0xff))
            .map(|_| ())
    }
}
