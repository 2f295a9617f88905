//! The text of a module.
use super::expr::Role;
use super::module::{Child, ChildKind, Module};
use super::register::Register;
use super::stmt::{assigns, visit_assigns, Assign, Stmt};
use super::{Dir, FieldInfo, ModuleInfo, PortInfo};
use std::collections::BTreeSet;
use std::fmt::Write;

const LINT_OFF: &str = "  /* verilator lint_off UNUSEDSIGNAL */";
const LINT_ON: &str = "  /* verilator lint_on UNUSEDSIGNAL */\n";

/// The comment in front of a module.
pub fn header(info: &ModuleInfo, type_name: Option<&str>) -> String {
    let mut text = format!("// {}", info.path);
    if info.instances > 1 {
        text += &format!(" and {} more", info.instances - 1);
    }
    if let Some(name) = type_name {
        text += &format!(": {name}");
    }
    if info.custom_text {
        text += " (custom text)";
    }
    text + "\n"
}

/// Everything after the name of a module, up to `endmodule`.
pub fn module(module: &Module) -> String {
    let drivers = Drivers::new(module);
    let mut out = port_list(&module.ports, &|port| {
        if drivers.is_reg(&port.name) {
            "reg "
        } else {
            "wire"
        }
    });
    constants(module, &mut out);
    let mut nets = String::new();
    for local in &module.locals {
        declare(
            &mut nets,
            if drivers.is_reg(&local.name) {
                "reg "
            } else {
                "wire"
            },
            local.width,
            &local.name,
        );
    }
    for child in &module.children {
        child_nets(module, child, &drivers, &mut nets);
    }
    section(&mut out, &nets);
    let mut temps = String::new();
    for temp in &module.lower.temps {
        let line = format!(
            "  wire {}{} = {};\n",
            range(temp.width),
            temp.name,
            temp.text
        );
        waived(
            &mut temps,
            module,
            &temp.name,
            temp.width,
            "part of an expression",
            &line,
        );
    }
    section(&mut out, &temps);
    let (mut instances, mut registers) = (String::new(), String::new());
    for child in &module.children {
        match &child.kind {
            ChildKind::Module(name) => instance(child, name, &mut instances),
            ChildKind::Register(register) => self::register(child, register, &mut registers),
        }
    }
    section(&mut out, &instances);
    section(&mut out, &drivers.text);
    section(&mut out, &registers);
    out
}

/// A module whose body is hand-written.
pub fn custom(ports: &[PortInfo], text: &str, output: &'static str) -> String {
    let mut out = port_list(ports, &|_| output);
    out.push('\n');
    for line in text.trim_matches('\n').lines() {
        let _ = writeln!(
            out,
            "{}{line}",
            if line.trim().is_empty() { "" } else { "  " }
        );
    }
    out
}

fn section(out: &mut String, text: &str) {
    if !text.is_empty() {
        out.push('\n');
        out.push_str(text);
    }
}

fn range(width: usize) -> String {
    if width == 1 {
        String::new()
    } else {
        format!("[{}:0] ", width - 1)
    }
}

fn declare(out: &mut String, kind: &str, width: usize, name: &str) {
    let _ = writeln!(out, "  {kind} {}{name};", range(width));
}

fn port_list(ports: &[PortInfo], output: &dyn Fn(&PortInfo) -> &'static str) -> String {
    if ports.is_empty() {
        return ";\n".to_string();
    }
    let widest = ports
        .iter()
        .map(|p| range(p.width).len())
        .max()
        .unwrap_or(0);
    let mut text = "(\n".to_string();
    for (number, p) in ports.iter().enumerate() {
        let (dir, kind) = match p.dir {
            Dir::Input => ("input ", "wire"),
            Dir::Output => ("output", output(p)),
        };
        let comma = if number + 1 < ports.len() { "," } else { "" };
        let _ = write!(
            text,
            "  {dir} {kind} {:widest$}{}{comma}",
            range(p.width),
            p.name
        );
        if !p.fields.is_empty() {
            let field = |f: &FieldInfo| match f.width {
                1 => format!(" {}[{}]", f.name, f.low),
                _ => format!(" {}[{}:{}]", f.name, f.low + f.width - 1, f.low),
            };
            let _ = write!(
                text,
                " //{}",
                p.fields.iter().map(field).collect::<String>()
            );
        }
        text.push('\n');
    }
    text + ");\n"
}

fn constants(module: &Module, out: &mut String) {
    let mut text = String::new();
    for name in &module.lower.used_constants {
        if let Some(value) = module.lower.names.constants.get(name) {
            let _ = writeln!(
                text,
                "  localparam {}{name} = {};",
                range(value.width()),
                value.verilog()
            );
        }
    }
    section(out, &text);
}

/// Declares the nets at the ports of a child, except those that the emitter wires.
fn child_nets(module: &Module, child: &Child, drivers: &Drivers, out: &mut String) {
    let is_register = matches!(child.kind, ChildKind::Register(_));
    for port in child
        .ports
        .iter()
        .filter(|p| !child.wired.contains_key(&p.name))
    {
        let name = format!("{}_{}", child.inst, port.name);
        let kind = match port.dir {
            Dir::Input if drivers.is_reg(&name) => "reg ",
            Dir::Output if is_register => "reg ",
            _ => "wire",
        };
        let line = format!("  {kind} {}{name};\n", range(port.width));
        if port.dir == Dir::Output && !is_register {
            waived(
                out,
                module,
                &name,
                port.width,
                "output not read in full",
                &line,
            );
        } else {
            out.push_str(&line);
        }
    }
}

/// The line, under a waiver if some bits of the name are never read.
fn waived(out: &mut String, module: &Module, name: &str, width: usize, reason: &str, line: &str) {
    let all = module
        .lower
        .used
        .get(name)
        .is_some_and(|bits| bits.len() == width && bits.iter().all(|b| *b));
    if all {
        out.push_str(line);
    } else {
        let _ = write!(out, "{LINT_OFF} // {reason}\n{line}{LINT_ON}");
    }
}

/// What a port of a child is connected to.
fn net_of(child: &Child, port: &str) -> String {
    child
        .wired
        .get(port)
        .cloned()
        .unwrap_or_else(|| format!("{}_{port}", child.inst))
}

fn instance(child: &Child, module: &str, out: &mut String) {
    let pins: Vec<String> = child
        .ports
        .iter()
        .map(|p| format!("    .{}({})", p.name, net_of(child, &p.name)))
        .collect();
    let _ = writeln!(
        out,
        "  {module} {} (\n{}\n  );",
        child.inst,
        pins.join(",\n")
    );
}

fn register(child: &Child, register: &Register, out: &mut String) {
    let (clock, reset) = (net_of(child, "clock"), net_of(child, "reset"));
    let (d, q) = (net_of(child, "d"), net_of(child, "q"));
    let _ = match register {
        Register::Reset(init) => {
            writeln!(
                out,
                "  always @(posedge {clock}) if ({reset}) {q} <= {init}; else {q} <= {d};"
            )
        }
        Register::NoReset => writeln!(out, "  always @(posedge {clock}) {q} <= {d};"),
    };
}

/// One `assign` or `always` for each target of the kernel.
struct Drivers {
    text: String,
    procedural: BTreeSet<String>,
}

impl Drivers {
    fn new(module: &Module) -> Self {
        let mut this = Self {
            text: String::new(),
            procedural: BTreeSet::new(),
        };
        for target in &module.flow.targets {
            if !module
                .lower
                .names
                .nets
                .get(target)
                .is_some_and(|n| n.role != Role::Input)
            {
                continue;
            }
            let held = module.flow.partial.contains(target);
            match continuous(&module.kernel, target) {
                Some(list) if !held => {
                    for a in list {
                        let _ = writeln!(this.text, "  assign {} = {};", a.place(), a.value);
                    }
                }
                _ => {
                    this.text += "  always @* begin\n";
                    if held {
                        let q = target.strip_suffix("_d").unwrap_or(target);
                        let _ = writeln!(this.text, "    {target} = {q}_q;");
                    }
                    only(&module.kernel, target, 2, &mut this.text);
                    this.text += "  end\n";
                    this.procedural.insert(target.clone());
                }
            }
        }
        this
    }

    fn is_reg(&self, name: &str) -> bool {
        self.procedural.contains(name)
    }
}

/// The assignments of a target that needs no `always`: all unconditional, to different bits.
fn continuous<'a>(kernel: &'a [Stmt], target: &str) -> Option<Vec<&'a Assign>> {
    let mut list: Vec<&Assign> = vec![];
    let mut conditional = 0;
    visit_assigns(kernel, &mut vec![], &mut |a, around| {
        if a.target == target {
            conditional += usize::from(!around.is_empty());
            list.push(a);
        }
    });
    if conditional > 0 {
        return None;
    }
    // Of whole assignments in a row the last one counts.
    if let Some(last) = list
        .iter()
        .rposition(|a| a.whole() && !a.reads.names.contains(target))
    {
        list.drain(..last);
    }
    let self_read = list.iter().any(|a| a.reads.names.contains(target));
    let mut sorted: Vec<_> = list.iter().map(|a| (a.low, a.width)).collect();
    sorted.sort_unstable();
    let overlap = sorted.windows(2).any(|w| w[0].0 + w[0].1 > w[1].0);
    (!self_read && !overlap).then_some(list)
}

/// The part of the kernel that matters to one target.
fn only(block: &[Stmt], target: &str, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    for statement in block {
        let _ = match statement {
            Stmt::Assign(a) if a.target == target => {
                writeln!(out, "{pad}{} = {};", a.place(), a.value)
            }
            Stmt::Assign(_) => Ok(()),
            Stmt::If {
                test,
                then,
                otherwise,
                ..
            } => {
                let (yes, no) = (assigns(then, target), assigns(otherwise, target));
                if yes {
                    let _ = writeln!(out, "{pad}if ({test}) begin");
                    only(then, target, depth + 1, out);
                }
                if yes && no {
                    let _ = writeln!(out, "{pad}end else begin");
                } else if no {
                    let _ = writeln!(out, "{pad}if (!({test})) begin");
                }
                if no {
                    only(otherwise, target, depth + 1, out);
                }
                if yes || no {
                    writeln!(out, "{pad}end")
                } else {
                    Ok(())
                }
            }
            Stmt::Case { subject, arms, .. }
                if arms.iter().any(|(_, block)| assigns(block, target)) =>
            {
                let _ = writeln!(out, "{pad}case ({subject})");
                for (label, block) in arms {
                    let label = label.as_deref().unwrap_or("default");
                    if !assigns(block, target) {
                        let _ = writeln!(out, "{pad}  {label}: ;");
                        continue;
                    }
                    let _ = writeln!(out, "{pad}  {label}: begin");
                    only(block, target, depth + 2, out);
                    let _ = writeln!(out, "{pad}  end");
                }
                writeln!(out, "{pad}endcase")
            }
            Stmt::Case { .. } => Ok(()),
        };
    }
}
