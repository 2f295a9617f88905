//! Runs emitted blocks in Verilator: several at once in one model, driven by a script.
use super::{have_verilator, work_dir};
use ferrowarp_hdl::emit::{Dir, Emitted, LINT_FLAGS};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A Verilated model of some blocks side by side. Ports are named `<top>_<port>`.
pub struct Bench {
    program: PathBuf,
    ports: Vec<String>,
    script: String,
    /// What each `expect` of the script wants: what it is about, and the value.
    wanted: Vec<(String, String)>,
}

impl Bench {
    /// `None` without Verilator.
    pub fn build(name: &str, designs: &[Emitted]) -> Option<Self> {
        if !have_verilator() {
            eprintln!("no verilator: {name} skipped");
            return None;
        }
        let dir = work_dir(name);
        let (mut text, mut outer, mut inner) = (String::new(), vec![], String::new());
        let (mut ports, mut table) = (vec![], String::new());
        for design in designs {
            text += &design.verilog;
            let mut pins = vec![];
            for port in design.ports() {
                let full = format!("{}_{}", design.top, port.name);
                let dir = if port.dir == Dir::Input {
                    "input"
                } else {
                    "output"
                };
                outer.push(format!("{dir} wire [{}:0] {full}", port.width - 1));
                pins.push(format!(".{}({full})", port.name));
                writeln!(table, "{{&top.{full}, {}}},", port.width).unwrap();
                ports.push(full);
            }
            writeln!(
                inner,
                "{} i_{} ({});",
                design.top,
                design.top,
                pins.join(", ")
            )
            .unwrap();
        }
        write!(
            text,
            "module bench ({});\n{inner}endmodule\n",
            outer.join(", ")
        )
        .unwrap();
        std::fs::write(dir.join("bench.v"), text).unwrap();
        std::fs::write(dir.join("main.cpp"), MAIN.replace("TABLE", &table)).unwrap();
        let run = Command::new("verilator")
            .args([
                "--cc",
                "--exe",
                "--build",
                "--top-module",
                "bench",
                "-MAKEFLAGS",
                "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
            ])
            .args(&LINT_FLAGS[1..])
            .args(["bench.v", "main.cpp"])
            .current_dir(&dir)
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "verilator in {}:\n{}",
            dir.display(),
            String::from_utf8_lossy(&run.stderr)
        );
        Some(Self {
            program: dir.join("obj_dir/Vbench"),
            ports,
            script: String::new(),
            wanted: vec![],
        })
    }

    fn port(&self, name: &str) -> usize {
        self.ports
            .iter()
            .position(|p| p == name)
            .unwrap_or_else(|| panic!("no port {name} in {:?}", self.ports))
    }

    pub fn set(&mut self, port: &str, value: u128) {
        self.set_hex(port, &format!("{value:x}"));
    }

    pub fn set_hex(&mut self, port: &str, hex: &str) {
        writeln!(self.script, "s {} {hex}", self.port(port)).unwrap();
    }

    pub fn eval(&mut self) {
        self.script += "e\n";
    }

    /// One clock cycle of the block `top`.
    pub fn tick(&mut self, top: &str) {
        let port = format!("{top}_clock");
        self.set(&port, 0);
        self.eval();
        self.set(&port, 1);
        self.eval();
    }

    pub fn expect(&mut self, port: &str, value: u128, about: &str) {
        self.expect_hex(port, &format!("{value:x}"), about);
    }

    pub fn expect_hex(&mut self, port: &str, hex: &str, about: &str) {
        writeln!(self.script, "g {}", self.port(port)).unwrap();
        self.wanted
            .push((format!("{port} {about}"), hex.to_string()));
    }

    /// Runs the script and compares.
    pub fn run(self) {
        let mut child = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let script = self.script;
        let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let got = String::from_utf8(output.stdout).unwrap();
        assert_eq!(got.lines().count(), self.wanted.len());
        for ((about, wanted), got) in self.wanted.iter().zip(got.lines()) {
            assert_eq!(
                got,
                wanted,
                "{about}: got {got}, wanted {wanted} (hex)\n{}",
                super::repeat()
            );
        }
        assert!(!self.wanted.is_empty());
    }
}

/// Ports are little-endian integers of 1, 2, 4, 8 or 4n bytes.
const MAIN: &str = r#"#include "Vbench.h"
#include <cstdio>
#include <cstring>
#include <string>
struct Port { void* at; int width; };
int main() {
  static Vbench top;
  Port ports[] = { TABLE };
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    if (line[0] == 'e') { top.eval(); continue; }
    int index, n = 0;
    sscanf(line + 1, "%d %n", &index, &n);
    Port& p = ports[index];
    int size = p.width <= 8 ? 1 : p.width <= 16 ? 2 : p.width <= 32 ? 4 : p.width <= 64 ? 8 : (p.width + 31) / 32 * 4;
    unsigned char* bytes = (unsigned char*)p.at;
    if (line[0] == 's') {
      std::string hex(line + 1 + n);
      while (!hex.empty() && hex.back() <= ' ') hex.pop_back();
      memset(bytes, 0, size);
      for (size_t i = 0; i < hex.size(); i++) {
        char c = hex[hex.size() - 1 - i];
        bytes[i / 2] |= (c <= '9' ? c - '0' : c - 'a' + 10) << (i % 2 * 4);
      }
    } else {
      std::string hex;
      for (int i = size; i-- > 0;) { char t[3]; snprintf(t, 3, "%02x", bytes[i]); hex += t; }
      size_t z = hex.find_first_not_of('0');
      puts(z == std::string::npos ? "0" : hex.c_str() + z);
    }
  }
}
"#;
