//! The C ABI between a Verilated C++ model and Rust: port list out of the generated header, and
//! the shim that is compiled with the model.

use crate::library::{Direction, PortInfo};
use std::fmt::Write;

/// Changes of the shim's ABI must change every cache key.
pub const ABI: u32 = 1;

/// Ports declared by `VL_IN*`/`VL_OUT*` in a generated header, with their C++ member names.
pub fn parse_header(header: &str) -> Result<Vec<(String, PortInfo)>, String> {
    let mut ports = Vec::new();
    for line in header.lines().map(str::trim) {
        let Some(open) = line.find("(&") else {
            continue;
        };
        let (macro_name, rest) = (&line[..open], &line[open + 2..]);
        let (direction, storage) = if let Some(s) = macro_name.strip_prefix("VL_INOUT") {
            let _ = s;
            return Err(format!("inout ports are not supported: {line}"));
        } else if let Some(s) = macro_name.strip_prefix("VL_IN") {
            (Direction::Input, s)
        } else if let Some(s) = macro_name.strip_prefix("VL_OUT") {
            (Direction::Output, s)
        } else {
            continue;
        };
        let bad = || format!("cannot read port line: {line}");
        let fields: Vec<&str> = rest.split(')').next().ok_or_else(bad)?.split(',').collect();
        if fields.len() < 3 || rest.contains('[') {
            return Err(bad());
        }
        let msb: i64 = fields[1].trim().parse().map_err(|_| bad())?;
        let lsb: i64 = fields[2].trim().parse().map_err(|_| bad())?;
        let width = u32::try_from(msb.abs_diff(lsb) + 1).map_err(|_| bad())?;
        let bytes = match storage {
            "8" => 1,
            "16" => 2,
            "" => 4,
            "64" => 8,
            "W" => 4 * width.div_ceil(32),
            _ => return Err(bad()),
        };
        let member = fields[0].trim().to_string();
        let info = PortInfo {
            name: decode(&member),
            direction,
            width,
            storage_bytes: bytes,
        };
        ports.push((member, info));
    }
    Ok(ports)
}

/// Verilator writes characters that C++ forbids as `__0` and two hexadecimal digits.
fn decode(member: &str) -> String {
    let mut out = String::new();
    let mut rest = member;
    while let Some(c) = rest.chars().next() {
        let code = rest
            .strip_prefix("__0")
            .and_then(|hex| hex.get(..2))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) => {
                out.push(code as char);
                rest = &rest[5..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// One line a port: `in|out width storage_bytes name`; the library carries it so that a cached
/// model is one file.
pub fn port_lines(ports: &[(String, PortInfo)]) -> String {
    ports.iter().fold(String::new(), |mut text, (_, p)| {
        let dir = match p.direction {
            Direction::Input => "in",
            Direction::Output => "out",
        };
        let _ = writeln!(text, "{dir} {} {} {}", p.width, p.storage_bytes, p.name);
        text
    })
}

/// The inverse of [`port_lines`].
pub fn parse_port_lines(text: &str) -> Option<Vec<PortInfo>> {
    text.lines()
        .map(|line| {
            let mut words = line.splitn(4, ' ');
            let direction = match words.next()? {
                "in" => Direction::Input,
                "out" => Direction::Output,
                _ => return None,
            };
            Some(PortInfo {
                direction,
                width: words.next()?.parse().ok()?,
                storage_bytes: words.next()?.parse().ok()?,
                name: words.next()?.to_string(),
            })
        })
        .collect()
}

/// C++ text of the shim for a model with these ports.
pub fn generate(ports: &[(String, PortInfo)], threads: u32) -> String {
    let mut pointers = String::new();
    for (i, (member, _)) in ports.iter().enumerate() {
        let _ = writeln!(pointers, "    out[{i}] = &self->model->{member};");
    }
    let lines = port_lines(ports).escape_default().to_string();
    SHIM.replace("@POINTERS@", &pointers)
        .replace("@PORTS@", &lines)
        .replace("@THREADS@", &threads.to_string())
        .replace("@CLOCK@", &clock_store(ports))
}

fn clock_store(ports: &[(String, PortInfo)]) -> String {
    ports
        .iter()
        .find(|(_, p)| p.name == "clock" && p.width == 1 && p.direction == Direction::Input)
        .map(|(member, _)| format!("self->model->{member} = level;"))
        .unwrap_or_default()
}

const SHIM: &str = r#"// Generated: C ABI of a Verilated model.
#include "Vmodel.h"
#include <cstdarg>
#include <cstdio>
#include <exception>
#define FW extern "C" __attribute__((visibility("default")))

namespace {
// The worst of one evaluation wins.
enum Status : int { OK = 0, FINISHED = 1, ASSERTION = 2, ABORTED = 3 };
struct Abort {};
// The context is how the runtime's call-backs find the instance that they belong to.
struct Context final : VerilatedContext {
    int status = OK;
    std::string text;
};
struct Instance {
    Context* context = nullptr;
    Vmodel* model = nullptr;
#if VM_TRACE
    VerilatedFstC* wave = nullptr;
#endif
};
std::mutex construct;
Context* current() { return static_cast<Context*>(Verilated::threadContextp()); }
void raise(Status status) { if (current()->status < status) current()->status = status; }
int fail(Instance* self, const char* what) {
    self->context->status = ABORTED;
    self->context->text += what;
    return ABORTED;
}
}  // namespace

void fw_printf(const char* format, ...) {
    char line[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    // A design that prints every cycle must not eat the machine's memory.
    if (current()->text.size() < (1u << 20)) current()->text += line;
}
void vl_stop(const char* file, int line, const char*) {
    if (current()->text.empty()) fw_printf("%s:%d: $stop\n", file, line);
    raise(ASSERTION);
}
void vl_finish(const char*, int, const char*) { raise(FINISHED); }
// The runtime expects not to come back: only an exception leaves its evaluation loop.
void vl_fatal(const char* file, int line, const char*, const char* message) {
    fw_printf("%s:%d: %s\n", file, line, message);
    raise(ABORTED);
    throw Abort{};
}

FW const char* fw_ports() { return "@PORTS@"; }

FW Instance* fw_new(int seed, Context** context) {
    // The runtime's random generator is reseeded by a counter that all threads share.
    const std::lock_guard<std::mutex> guard{construct};
    auto* self = new Instance;
    self->context = *context = new Context;
    Verilated::threadContextp(self->context);
    self->context->threads(@THREADS@);
    self->context->randReset(2);
    self->context->randSeed(seed);
#if VM_TRACE
    self->context->traceEverOn(true);
#endif
    self->model = new Vmodel{self->context, "TOP"};
    return self;
}

FW void fw_pointers(Instance* self, void** out) {
@POINTERS@}

FW void fw_free(Instance* self) {
    Verilated::threadContextp(self->context);
#if VM_TRACE
    if (self->wave) { self->wave->close(); delete self->wave; }
#endif
    if (self->context->status != ABORTED) {
        try { self->model->final(); } catch (...) {}
    }
    delete self->model;
    delete self->context;
    delete self;
}

FW int fw_eval(Instance* self, int level) {
    if (self->context->status == ABORTED) return ABORTED;
    Verilated::threadContextp(self->context);
    @CLOCK@
    try {
        self->model->eval();
    } catch (const Abort&) {
    } catch (const std::exception& error) {
        return fail(self, error.what());
    }
    return self->context->status;
}

// Text printed since the last fw_clear; valid until the next call.
FW const char* fw_text(Instance* self, size_t* length) {
    *length = self->context->text.size();
    return self->context->text.data();
}
FW void fw_clear(Instance* self) {
    self->context->text.clear();
    if (self->context->status != ABORTED) self->context->status = OK;
}

FW int fw_has_trace() { return VM_TRACE; }
#if VM_TRACE
FW int fw_wave_open(Instance* self, const char* path) {
    Verilated::threadContextp(self->context);
    if (self->wave) { self->wave->close(); delete self->wave; }
    self->wave = new VerilatedFstC;
    self->model->trace(self->wave, 99);
    self->wave->open(path);
    return self->wave->isOpen();
}
FW void fw_wave_dump(Instance* self, uint64_t picoseconds) {
    Verilated::threadContextp(self->context);
    self->context->time(picoseconds);
    if (self->wave) self->wave->dump(picoseconds);
}
FW void fw_wave_flush(Instance* self) { if (self->wave) self->wave->flush(); }
FW void fw_wave_close(Instance* self) {
    if (!self->wave) return;
    self->wave->close();
    delete self->wave;
    self->wave = nullptr;
}
#endif
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_become_ports() {
        let text = "VL_IN8(&clock,0,0);\n  VL_INW(&s__05F_data,511,0,16);\nVL_OUT(&q,31,0);\nVL_OUT64(&a___05Fb,32,0);\nVL_OUT16(&r,8,0);";
        let ports = parse_header(text).expect("parses");
        let got: Vec<_> = ports
            .iter()
            .map(|(m, p)| (m.as_str(), p.name.as_str(), p.width, p.storage_bytes))
            .collect();
        assert_eq!(
            got,
            [
                ("clock", "clock", 1, 1),
                ("s__05F_data", "s__data", 512, 64),
                ("q", "q", 32, 4),
                ("a___05Fb", "a__b", 33, 8),
                ("r", "r", 9, 2)
            ]
        );
        let infos: Vec<_> = ports.iter().map(|(_, p)| p.clone()).collect();
        assert_eq!(parse_port_lines(&port_lines(&ports)), Some(infos));
    }

    #[test]
    fn inout_and_arrays_are_refused() {
        assert!(parse_header("VL_INOUT8(&pad,0,0);").is_err());
        assert!(parse_header("VL_IN8(&mem[4],0,0);").is_err());
    }
}
