//! From the block tree to modules: children first, equal bodies shared.
use super::check::{self, Depends};
use super::error::{EmitError, EmitErrors, Problem};
use super::expr::{Lower, Names, Net, Role};
use super::names::{flat, is_keyword, rust_path};
use super::print;
use super::probe::{Scope, SignalDecl};
use super::register::Register;
use super::rules;
use super::stmt::{lower_block, Stmt};
use super::{Dir, Emitted, ModuleInfo, PortInfo};
use rust_hdl::prelude::{AtomKind, Verilog};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A child as its parent sees it.
pub struct Child {
    pub inst: String,
    pub kind: ChildKind,
    pub ports: Vec<PortInfo>,
    /// Inputs that the emitter wires: port to the parent's net.
    pub wired: BTreeMap<String, String>,
    /// Output to the inputs that it depends on within the same cycle.
    through: Depends,
}

pub enum ChildKind {
    Module(String),
    Register(Register),
}

/// A module ready to print.
pub struct Module<'a> {
    pub ports: Vec<PortInfo>,
    pub locals: Vec<&'a SignalDecl>,
    pub children: Vec<Child>,
    pub kernel: Vec<Stmt>,
    pub lower: Lower<'a>,
    pub flow: check::Flow,
}

/// Makes the text of all modules under `root`.
pub fn generate(root: &Scope, top: &str, top_type: &str) -> Result<Emitted, EmitErrors> {
    let mut generator = Generator {
        top,
        ..Default::default()
    };
    if is_keyword(top) {
        generator.problem(root, Problem::Keyword(top.to_string()));
    }
    generator.scope(root);
    if !generator.errors.is_empty() {
        return Err(EmitErrors(generator.errors));
    }
    let mut verilog = String::new();
    for (info, body) in &generator.modules {
        let of = (info.path == top).then_some(top_type);
        verilog += &print::header(info, of);
        verilog += &format!("module {} {body}endmodule\n\n", info.name);
    }
    generator.cores.iter().for_each(|core| verilog += core);
    let modules = generator
        .modules
        .into_iter()
        .map(|(info, _)| info)
        .collect();
    Ok(Emitted {
        verilog,
        modules,
        top: top.to_string(),
    })
}

#[derive(Default)]
struct Generator<'t> {
    top: &'t str,
    modules: Vec<(ModuleInfo, String)>,
    /// Body to index in `modules`.
    bodies: HashMap<String, usize>,
    cores: BTreeSet<String>,
    errors: Vec<EmitError>,
}

impl Generator<'_> {
    fn problem(&mut self, scope: &Scope, problem: Problem) {
        self.errors.push(EmitError {
            module: scope.path.clone(),
            problem,
        });
    }

    /// Makes the module of a block and of everything in it. `None` for a block without ports and children.
    fn scope(&mut self, scope: &Scope) -> Option<Child> {
        let ports = ports(scope);
        if let Verilog::Custom(text) = &scope.code {
            if let Some(register) = Register::parse(text) {
                if ports.iter().any(|p| p.width == 0) {
                    self.problem(scope, Problem::ZeroWidth("q".into()));
                }
                return Some(child(
                    scope,
                    ChildKind::Register(register),
                    ports,
                    Depends::new(),
                ));
            }
        }
        let children: Vec<Child> = scope
            .children
            .iter()
            .filter_map(|c| self.scope(c))
            .collect();
        if ports.is_empty() && children.is_empty() {
            return None;
        }
        let mut problems = vec![];
        let (mut body, custom_text, through) = self.body(scope, &ports, children, &mut problems);
        body += &rules::text(&ports);
        self.errors
            .extend(problems.into_iter().map(|problem| EmitError {
                module: scope.path.clone(),
                problem,
            }));
        let name = self.share(scope, body, custom_text, ports.clone());
        Some(child(scope, ChildKind::Module(name), ports, through))
    }

    fn share(
        &mut self,
        scope: &Scope,
        body: String,
        custom_text: bool,
        ports: Vec<PortInfo>,
    ) -> String {
        if let Some(&index) = self.bodies.get(&body) {
            self.modules[index].0.instances += 1;
            return self.modules[index].0.name.clone();
        }
        let name = self.module_name(scope);
        let info = ModuleInfo {
            name: name.clone(),
            path: scope.path.clone(),
            instances: 1,
            custom_text,
            ports,
        };
        self.bodies.insert(body.clone(), self.modules.len());
        self.modules.push((info, body));
        name
    }

    /// The path of the instance; without array indices if that is free.
    fn module_name(&self, scope: &Scope) -> String {
        if scope.path == self.top {
            return self.top.to_string();
        }
        let taken =
            |name: &str| name == self.top || self.modules.iter().any(|(m, _)| m.name == name);
        let mut short = String::new();
        let mut inside = false;
        for c in scope.path.chars() {
            inside = (inside || c == '[') && c != ']';
            if !inside && c != ']' {
                short.push(c);
            }
        }
        let mut name = flat(&short);
        if taken(&name) {
            name = flat(&scope.path);
        }
        while taken(&name) {
            name.push('_');
        }
        name
    }

    /// The text after the module's name, and which outputs depend on which inputs.
    fn body(
        &mut self,
        scope: &Scope,
        ports: &[PortInfo],
        mut children: Vec<Child>,
        problems: &mut Vec<Problem>,
    ) -> (String, bool, Depends) {
        let names = names(scope, ports, &children, problems);
        let kernel = match &scope.code {
            Verilog::Combinatorial(kernel) => kernel.clone(),
            Verilog::Empty
                if !ports.iter().any(|p| p.dir == Dir::Output) && children.is_empty() =>
            {
                vec![]
            }
            Verilog::Empty | Verilog::Blackbox(_) => {
                problems.push(Problem::NoLogic);
                return (String::new(), false, Depends::new());
            }
            Verilog::Custom(text) => {
                return (
                    custom(scope, ports, text, "reg ", problems),
                    true,
                    Depends::new(),
                )
            }
            Verilog::Wrapper(wrapper) => {
                if !wrapper.cores.is_empty() {
                    self.cores.insert(wrapper.cores.clone() + "\n");
                }
                return (
                    custom(scope, ports, &wrapper.code, "wire", problems),
                    true,
                    Depends::new(),
                );
            }
        };
        let mut lower = Lower::new(&names);
        let kernel = lower_block(&mut lower, &kernel, problems);
        if !problems.is_empty() {
            // The checks below would report what the missing statements leave undriven.
            return (String::new(), false, Depends::new());
        }
        let held = children
            .iter()
            .filter(|c| matches!(c.kind, ChildKind::Register(_)));
        let held: BTreeSet<String> = held.map(|c| format!("{}_d", c.inst)).collect();
        let flow = check::flow(&kernel, &held, problems);
        for child in &mut children {
            wire_clock_and_reset(child, ports, &flow.targets, problems);
        }
        let wired: BTreeSet<String> = children
            .iter()
            .flat_map(|c| c.wired.keys().map(|port| format!("{}_{port}", c.inst)))
            .collect();
        let declared: Vec<String> = order(scope, &children);
        check::drivers(&kernel, &declared, &names, &wired, problems);
        let latches = flow.partial.iter().filter(|t| !held.contains(*t));
        problems.extend(latches.map(|t| Problem::Latch(t.clone())));
        let mut depends = check::depends(&kernel);
        for child in &children {
            for (output, inputs) in &child.through {
                let net = |port: &String| format!("{}_{port}", child.inst);
                depends.insert(net(output), inputs.iter().map(net).collect());
            }
        }
        problems.extend(check::find_loop(&depends).map(Problem::CombLoop));
        let through = through(ports, &depends);
        let locals = scope
            .signals
            .iter()
            .filter(|s| s.kind == AtomKind::LocalSignal)
            .collect();
        let module = Module {
            ports: ports.to_vec(),
            locals,
            children,
            kernel,
            lower,
            flow,
        };
        (print::module(&module), false, through)
    }
}

fn child(scope: &Scope, kind: ChildKind, ports: Vec<PortInfo>, through: Depends) -> Child {
    Child {
        inst: flat(&scope.inst),
        kind,
        ports,
        wired: BTreeMap::new(),
        through,
    }
}

fn ports(scope: &Scope) -> Vec<PortInfo> {
    let port = |s: &SignalDecl| {
        let dir = match s.kind {
            AtomKind::InputParameter => Dir::Input,
            AtomKind::OutputParameter => Dir::Output,
            _ => return None,
        };
        Some(PortInfo {
            name: s.name.clone(),
            dir,
            width: s.width,
            fields: s.fields.clone(),
        })
    };
    scope.signals.iter().filter_map(port).collect()
}

fn through(ports: &[PortInfo], depends: &Depends) -> Depends {
    let inputs: BTreeSet<&str> = ports
        .iter()
        .filter(|p| p.dir == Dir::Input)
        .map(|p| p.name.as_str())
        .collect();
    let outputs = ports.iter().filter(|p| p.dir == Dir::Output);
    let on = |name: &str| {
        check::reaches(depends, name)
            .into_iter()
            .filter(|n| inputs.contains(n.as_str()))
            .collect()
    };
    outputs.map(|p| (p.name.clone(), on(&p.name))).collect()
}

/// All nets in the order of their declaration.
fn order(scope: &Scope, children: &[Child]) -> Vec<String> {
    let own = scope.signals.iter().map(|s| s.name.clone());
    let of_children = children
        .iter()
        .flat_map(|c| c.ports.iter().map(|p| format!("{}_{}", c.inst, p.name)));
    own.chain(of_children).collect()
}

/// The table of everything that the kernel can name; collisions and keywords are problems.
fn names(
    scope: &Scope,
    ports: &[PortInfo],
    children: &[Child],
    problems: &mut Vec<Problem>,
) -> Names {
    let mut names = Names::default();
    let mut sources: HashMap<String, String> = HashMap::new();
    let mut claim = |name: &str, source: String, problems: &mut Vec<Problem>| {
        if is_keyword(name) {
            problems.push(Problem::Keyword(source.clone()));
        }
        if let Some(other) = sources.insert(name.to_string(), source.clone()) {
            problems.push(Problem::NameCollision(other, source));
        }
    };
    for signal in &scope.signals {
        let role = match signal.kind {
            AtomKind::InputParameter => Role::Input,
            AtomKind::OutputParameter => Role::Output,
            AtomKind::LocalSignal => Role::Local,
            _ => {
                problems.push(Problem::Unsupported(format!(
                    "inout signal `{}`",
                    signal.source
                )));
                continue;
            }
        };
        if signal.width == 0 {
            problems.push(Problem::ZeroWidth(signal.source.clone()));
        }
        claim(&signal.name, signal.source.clone(), problems);
        names.nets.insert(
            signal.name.clone(),
            Net {
                width: signal.width,
                role,
            },
        );
    }
    debug_assert!(ports.iter().all(|p| names.nets.contains_key(&p.name)));
    for child in children {
        if matches!(child.kind, ChildKind::Module(_)) {
            claim(&child.inst, format!("block {}", child.inst), problems);
        }
        for port in &child.ports {
            let name = format!("{}_{}", child.inst, port.name);
            let role = if port.dir == Dir::Input {
                Role::ChildInput
            } else {
                Role::ChildOutput
            };
            claim(&name, format!("{}.{}", child.inst, port.name), problems);
            names.nets.insert(
                name,
                Net {
                    width: port.width,
                    role,
                },
            );
        }
    }
    let of_children = scope.children.iter().flat_map(|c| {
        c.constants
            .iter()
            .map(|(name, value)| (format!("{}_{name}", flat(&c.inst)), value.clone()))
    });
    for (name, value) in scope.constants.iter().cloned().chain(of_children) {
        claim(&name, format!("constant {}", rust_path(&name)), problems);
        names.constants.insert(name, value);
    }
    for (name, value) in &scope.labels {
        match names.constants.get(name) {
            Some(other) if other == value => {}
            Some(_) => {
                names.ambiguous.insert(name.clone());
            }
            None => {
                claim(name, format!("enum variant {name}"), problems);
                names.constants.insert(name.clone(), value.clone());
            }
        }
    }
    names
}

/// Notes the inputs `clock` and `reset` that the kernel leaves alone.
fn wire_clock_and_reset(
    child: &mut Child,
    ports: &[PortInfo],
    driven: &[String],
    problems: &mut Vec<Problem>,
) {
    for port in ["clock", "reset"] {
        let needs = child
            .ports
            .iter()
            .any(|p| p.name == port && p.dir == Dir::Input);
        if !needs || driven.contains(&format!("{}_{port}", child.inst)) {
            continue;
        }
        child.wired.insert(port.to_string(), port.to_string());
        if !ports.iter().any(|p| p.name == port && p.dir == Dir::Input) {
            let (child, port) = (child.inst.clone(), port.to_string());
            problems.push(Problem::NoClockOrReset { child, port });
        }
    }
}

/// A module of hand-written text.
fn custom(
    scope: &Scope,
    ports: &[PortInfo],
    text: &str,
    output: &'static str,
    problems: &mut Vec<Problem>,
) -> String {
    let mut text = text.trim_end().to_string();
    let mut claimed: HashMap<&str, &str> = HashMap::new();
    for signal in &scope.signals {
        if signal.width == 0 {
            problems.push(Problem::ZeroWidth(signal.source.clone()));
        }
        if is_keyword(&signal.name) {
            problems.push(Problem::Keyword(signal.source.clone()));
        }
        if let Some(other) = claimed.insert(&signal.name, &signal.source) {
            problems.push(Problem::NameCollision(other.into(), signal.source.clone()));
        }
        text = put_port(&text, &signal.source, &signal.name);
    }
    if let Some(unknown) = unknown_placeholder(&text) {
        problems.push(Problem::TextUnknownPort(unknown));
    }
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    for port in ports.iter().filter(|p| p.dir == Dir::Output) {
        if !words.contains(&port.name.as_str()) {
            problems.push(Problem::TextWithoutPort(port.name.clone()));
        }
        let assigned = words.windows(2).any(|w| w == ["assign", &port.name]);
        if assigned && output.trim() == "reg" {
            problems.push(Problem::AssignInCustom(port.name.clone()));
        }
    }
    print::custom(ports, &text, output)
}

/// `{source}` replaced by `name`, except in a replication like `{8{source}}`.
fn put_port(text: &str, source: &str, name: &str) -> String {
    let placeholder = format!("{{{source}}}");
    let mut out = String::new();
    for (number, part) in text.split(&placeholder).enumerate() {
        if number > 0 {
            let count = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ')';
            let replicated = out.ends_with(count);
            out += if replicated { &placeholder } else { name };
        }
        out += part;
    }
    out
}

/// `{a.b}` that is left after the ports were put in. A dot is never inside braces in Verilog otherwise.
fn unknown_placeholder(text: &str) -> Option<String> {
    text.split('{').skip(1).find_map(|rest| {
        let (inside, _) = rest.split_once('}')?;
        let path = |c: char| c.is_ascii_alphanumeric() || "_.[]".contains(c);
        (inside.contains('.') && inside.chars().all(path)).then(|| inside.to_string())
    })
}
