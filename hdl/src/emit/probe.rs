//! Walks a block with rust-hdl's `Probe` and keeps the tree of modules.
use super::constant::{literal_hex, Constant};
use super::error::{EmitError, EmitErrors, Problem};
use super::names::{flat, rust_path};
use super::FieldInfo;
use rust_hdl::prelude::*;

/// One block: its signals, constants, children and kernel.
pub struct Scope {
    /// Name in the parent as rust-hdl spells it, `p$0`.
    pub inst: String,
    /// Path in Rust's notation.
    pub path: String,
    pub signals: Vec<SignalDecl>,
    pub constants: Vec<(String, Constant)>,
    /// Variants of the enums that signals here have: flat name and code.
    pub labels: Vec<(String, Constant)>,
    pub children: Vec<Scope>,
    pub code: Verilog,
}

/// One signal of a block.
pub struct SignalDecl {
    /// Name in Verilog.
    pub name: String,
    /// Name in Rust's notation.
    pub source: String,
    pub kind: AtomKind,
    pub width: usize,
    pub fields: Vec<FieldInfo>,
}

pub fn collect<B: Block>(block: &B, top: &str) -> Result<Scope, EmitErrors> {
    let mut collector = Collector::default();
    block.accept(top, &mut collector);
    let fail = |problem| {
        EmitErrors(vec![EmitError {
            module: top.to_string(),
            problem,
        }])
    };
    if !collector.errors.is_empty() {
        return Err(EmitErrors(collector.errors));
    }
    if collector.roots.len() != 1 {
        return Err(fail(Problem::Unsupported(
            "the top must be one block, not a Vec, array or signal".into(),
        )));
    }
    collector.roots.pop().ok_or_else(|| fail(Problem::NoLogic))
}

#[derive(Default)]
struct Collector {
    stack: Vec<Scope>,
    namespace: Vec<String>,
    roots: Vec<Scope>,
    errors: Vec<EmitError>,
}

impl Probe for Collector {
    fn visit_start_scope(&mut self, name: &str, node: &dyn Block) {
        let path = match self.stack.last() {
            Some(parent) => format!("{}.{}", parent.path, rust_path(name)),
            None => name.to_string(),
        };
        self.stack.push(Scope {
            inst: name.to_string(),
            path,
            signals: vec![],
            constants: vec![],
            labels: vec![],
            children: vec![],
            code: node.hdl(),
        });
    }

    fn visit_start_namespace(&mut self, name: &str, _: &dyn Block) {
        self.namespace.push(name.to_string());
    }

    fn visit_end_namespace(&mut self, _: &str, _: &dyn Block) {
        self.namespace.pop();
    }

    fn visit_atom(&mut self, name: &str, atom: &dyn Atom) {
        let mut full = self.namespace.clone();
        full.push(name.to_string());
        let full = full.join("$");
        let Some(scope) = self.stack.last_mut() else {
            return;
        };
        let descriptor = atom.descriptor();
        let width = atom.bits();
        let mut labels = vec![];
        enum_labels(&descriptor, &mut labels);
        if atom.kind() == AtomKind::Constant {
            match Constant::from_literal(&atom.verilog(), width) {
                Some(value) if width > 0 => scope.constants.push((flat(&full), value)),
                _ => self.errors.push(EmitError {
                    module: scope.path.clone(),
                    problem: Problem::LiteralTooWide {
                        value: literal_hex(&atom.verilog()),
                        bits: width,
                    },
                }),
            }
        } else {
            scope.signals.push(SignalDecl {
                name: flat(&full),
                source: rust_path(&full),
                kind: atom.kind(),
                width,
                fields: fields(&descriptor),
            });
        }
        // A kernel compares its children's ports with variants, so the parent sees the labels too.
        for scope in self.stack.iter_mut().rev().take(2) {
            for label in &labels {
                if !scope.labels.contains(label) {
                    scope.labels.push(label.clone());
                }
            }
        }
    }

    fn visit_end_scope(&mut self, _: &str, _: &dyn Block) {
        let Some(scope) = self.stack.pop() else {
            return;
        };
        match self.stack.last_mut() {
            Some(parent) => parent.children.push(scope),
            None => self.roots.push(scope),
        }
    }
}

fn enum_labels(descriptor: &TypeDescriptor, labels: &mut Vec<(String, Constant)>) {
    match &descriptor.kind {
        TypeKind::Enum(variants) => {
            for (code, variant) in variants.iter().enumerate() {
                labels.extend(
                    Constant::from_usize(code, clog2(variants.len())).map(|c| (flat(variant), c)),
                );
            }
        }
        TypeKind::Composite(fields) => fields.iter().for_each(|f| enum_labels(&f.kind, labels)),
        TypeKind::Bits(_) | TypeKind::Signed(_) => {}
    }
}

fn fields(descriptor: &TypeDescriptor) -> Vec<FieldInfo> {
    let TypeKind::Composite(fields) = &descriptor.kind else {
        return vec![];
    };
    let mut low = 0;
    fields
        .iter()
        .map(|f| {
            let width = type_width(&f.kind);
            low += width;
            FieldInfo {
                name: f.fieldname.clone(),
                low: low - width,
                width,
            }
        })
        .collect()
}

fn type_width(descriptor: &TypeDescriptor) -> usize {
    match &descriptor.kind {
        TypeKind::Bits(n) | TypeKind::Signed(n) => *n,
        TypeKind::Enum(variants) => clog2(variants.len()),
        TypeKind::Composite(fields) => fields.iter().map(|f| type_width(&f.kind)).sum(),
    }
}
