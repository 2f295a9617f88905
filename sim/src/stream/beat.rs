//! Fields of a stream, and the values of one beat of it.

use crate::{Direction, Model, PortId, SimError};
use std::sync::Arc;

/// A field of a [`Layout`], resolved once by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldId(pub(crate) usize);

#[derive(Debug)]
struct Field {
    name: String,
    width: u32,
    port: PortId,
    /// Place of the field in a beat's bytes.
    start: usize,
    end: usize,
}

/// The fields of one stream and their ports.
#[derive(Debug)]
pub struct Layout {
    prefix: String,
    pub(crate) valid: PortId,
    /// `None`: the stream can't be stalled.
    pub(crate) ready: Option<PortId>,
    fields: Vec<Field>,
    bytes: usize,
    pub(crate) keep: Option<FieldId>,
    pub(crate) last: Option<FieldId>,
    pub(crate) data: Option<FieldId>,
    pub(crate) user: Option<FieldId>,
}

impl Layout {
    /// Finds the stream of `prefix`. `valid` is the direction of `<prefix>_tvalid` and of the
    /// fields; ready must go the other way. Fields are the ports `<prefix>_*` of that direction, or
    /// only those named in `only`. Ports that belong to a stream with a longer prefix
    /// (`rx_meta_...` when asked for `rx`) are not fields of this one.
    pub(crate) fn find(
        model: &Model,
        prefix: &str,
        valid: Direction,
        only: Option<&[&str]>,
    ) -> Result<Arc<Layout>, SimError> {
        let ready = match valid {
            Direction::Input => Direction::Output,
            Direction::Output => Direction::Input,
        };
        let resolve = |name: &str, direction| match direction {
            Direction::Input => model.input(name),
            Direction::Output => model.output(name),
        };
        let valid_name = format!("{prefix}_tvalid");
        let ready_name = format!("{prefix}_tready");
        let valid_port = resolve(&valid_name, valid)?;
        let ready_port = match model.find(&ready_name) {
            Some(_) => Some(resolve(&ready_name, ready)?),
            None => None,
        };
        let longer: Vec<String> = model
            .ports()
            .iter()
            .filter_map(|p| p.name.strip_suffix("_tvalid"))
            .filter(|p| p.strip_prefix(prefix).is_some_and(|t| t.starts_with('_')))
            .map(|p| format!("{p}_"))
            .collect();
        let mut layout = Layout {
            prefix: prefix.to_string(),
            valid: valid_port,
            ready: ready_port,
            fields: Vec::new(),
            bytes: 0,
            keep: None,
            last: None,
            data: None,
            user: None,
        };
        if let Some(only) = only {
            for field in only {
                let port = resolve(&format!("{prefix}_{field}"), valid)?;
                layout.add(field, model.info(port).width, port);
            }
        } else {
            for (index, info) in model.ports().iter().enumerate() {
                let field = info.name.strip_prefix(prefix);
                let Some(field) = field.and_then(|f| f.strip_prefix('_')) else {
                    continue;
                };
                let foreign = longer.iter().any(|l| info.name.starts_with(l.as_str()));
                let handshake = info.name == valid_name || info.name == ready_name;
                if !foreign && !handshake && info.direction == valid {
                    layout.add(field, info.width, PortId(index as u32));
                }
            }
        }
        layout.check_packet_fields(model)?;
        Ok(Arc::new(layout))
    }

    fn add(&mut self, name: &str, width: u32, port: PortId) {
        let id = FieldId(self.fields.len());
        match name {
            "tdata" => self.data = Some(id),
            "tkeep" => self.keep = Some(id),
            "tlast" => self.last = Some(id),
            "tuser" => self.user = Some(id),
            _ => {}
        }
        let start = self.bytes;
        self.bytes += width.div_ceil(8) as usize;
        self.fields.push(Field {
            name: name.to_string(),
            width,
            port,
            start,
            end: self.bytes,
        });
    }

    fn check_packet_fields(&self, model: &Model) -> Result<(), SimError> {
        let (Some(data), Some(keep)) = (self.data, self.keep) else {
            return Ok(());
        };
        let (data, keep) = (self.fields[data.0].width, self.fields[keep.0].width);
        if data == 8 * keep {
            return Ok(());
        }
        Err(SimError::PortShape {
            top: model.top().to_string(),
            name: format!("{}_tkeep", self.prefix),
            reason: format!("{keep} bits for {data} bits of tdata: needs one a byte"),
        })
    }

    /// Stream prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Names and widths of the fields.
    pub fn fields(&self) -> impl Iterator<Item = (&str, u32)> {
        self.fields.iter().map(|f| (f.name.as_str(), f.width))
    }

    /// The field of this name (`"addr"`, `"tdata"`), if the stream has it.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().position(|f| f.name == name).map(FieldId)
    }

    /// A beat of zeros.
    pub fn beat(self: &Arc<Self>) -> Beat {
        Beat {
            layout: self.clone(),
            bytes: vec![0; self.bytes].into(),
            cycle: 0,
        }
    }

    /// Bytes of `tdata`, 0 without one.
    pub(crate) fn data_bytes(&self) -> usize {
        self.data
            .map_or(0, |d| self.fields[d.0].end - self.fields[d.0].start)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Copies the fields' ports into `bytes`.
    #[inline]
    pub(crate) fn read(&self, model: &Model, bytes: &mut [u8]) {
        for f in &self.fields {
            model.get_bytes(f.port, &mut bytes[f.start..f.end]);
        }
    }

    /// Drives the fields' ports from `bytes`.
    #[inline]
    pub(crate) fn write(&self, model: &mut Model, bytes: &[u8]) {
        for f in &self.fields {
            model.set_bytes(f.port, &bytes[f.start..f.end]);
        }
    }

    /// Name of the first field in which two beats differ.
    pub(crate) fn first_difference(&self, a: &[u8], b: &[u8]) -> &str {
        let differs = |f: &&Field| a[f.start..f.end] != b[f.start..f.end];
        self.fields
            .iter()
            .find(differs)
            .map_or("", |f| f.name.as_str())
    }

    pub(crate) fn error(&self, cycle: u64, text: impl Into<String>) -> SimError {
        SimError::Protocol {
            cycle,
            stream: self.prefix.clone(),
            text: text.into(),
        }
    }

    fn known(&self, name: &str) -> FieldId {
        self.field(name).unwrap_or_else(|| {
            let have: Vec<&str> = self.fields().map(|f| f.0).collect();
            panic!(
                "stream `{}` has no field `{name}`; it has: {}",
                self.prefix,
                have.join(", ")
            )
        })
    }
}

/// Values of all fields of a stream in one transfer.
#[derive(Clone)]
pub struct Beat {
    layout: Arc<Layout>,
    pub(crate) bytes: Box<[u8]>,
    /// Cycle in which a sink took it; 0 in a beat made by hand.
    pub cycle: u64,
}

impl Beat {
    /// The beat with a field set; bits above the field's width are cut off.
    ///
    /// # Panics
    /// When the stream has no such field; use [`Layout::field`] and [`Beat::set_id`] for names
    /// that come from outside.
    pub fn with(mut self, field: &str, value: u128) -> Self {
        self.set(field, value);
        self
    }

    /// Sets a field by name; see [`Beat::with`] for what happens to unknown names.
    pub fn set(&mut self, field: &str, value: u128) {
        self.set_id(self.layout.known(field), value);
    }

    /// The low 128 bits of a field by name; see [`Beat::with`] for what happens to unknown names.
    pub fn get(&self, field: &str) -> u128 {
        self.get_id(self.layout.known(field))
    }

    /// Sets a field of up to 128 bits.
    pub fn set_id(&mut self, field: FieldId, value: u128) {
        self.set_bytes(field, &value.to_le_bytes());
    }

    /// The low 128 bits of a field.
    pub fn get_id(&self, field: FieldId) -> u128 {
        let mut low = [0; 16];
        let bytes = self.bytes(field);
        let n = bytes.len().min(16);
        low[..n].copy_from_slice(&bytes[..n]);
        u128::from_le_bytes(low)
    }

    /// Sets a field from little-endian bytes; missing bytes are 0, more are cut off.
    pub fn set_bytes(&mut self, field: FieldId, value: &[u8]) {
        let f = &self.layout.fields[field.0];
        let place = &mut self.bytes[f.start..f.end];
        let n = value.len().min(place.len());
        place[..n].copy_from_slice(&value[..n]);
        place[n..].fill(0);
        if let (Some(top), 1..) = (place.last_mut(), f.width % 8) {
            *top &= 0xff >> (8 - f.width % 8);
        }
    }

    /// Little-endian bytes of a field.
    pub fn bytes(&self, field: FieldId) -> &[u8] {
        let f = &self.layout.fields[field.0];
        &self.bytes[f.start..f.end]
    }

    /// The stream's fields.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }
}

/// Equal fields; the cycle does not count.
impl PartialEq for Beat {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl std::fmt::Debug for Beat {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}{{", self.layout.prefix)?;
        for (i, f) in self.layout.fields.iter().enumerate() {
            write!(out, "{}{}=0x", if i == 0 { "" } else { " " }, f.name)?;
            let bytes = &self.bytes[f.start..f.end];
            bytes
                .iter()
                .rev()
                .try_for_each(|b| write!(out, "{b:02x}"))?;
        }
        write!(out, "}}")
    }
}

impl Beat {
    pub(crate) fn read(layout: &Arc<Layout>, model: &Model) -> Beat {
        let mut beat = layout.beat();
        layout.read(model, &mut beat.bytes);
        beat.cycle = model.cycle();
        beat
    }
}
