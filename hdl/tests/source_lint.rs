//! Lint over the sources of all kernels: what rust-hdl's macro loses on the way to the syntax tree, so that the
//! emitter cannot see it, and what the emitter could only report without a line number.
//!
//! Two rules that rust-hdl needs are not here: the tree has Rust's precedence and the emitter writes every
//! parenthesis (test `precedence` in traps.rs), and slices of expressions get a wire (test `slices`).
use quote::ToTokens;
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ImplItem, Pat, RangeLimits, Stmt};

/// A rule and what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    InclusiveRange,
    RunTimeBound,
    BarePath,
    NestedField,
    IndexArithmetic,
    Guard,
    Call,
    Attribute,
}

impl Rule {
    fn text(self) -> &'static str {
        match self {
            Rule::InclusiveRange => "`a..=b` loses its last iteration: write a..(b + 1)",
            Rule::RunTimeBound => {
                "a loop bound with val() is read once, when Verilog is made: use a `_field`"
            }
            Rule::BarePath => {
                "a const is not known to the tree: make it a `Constant` field, or a loop bound"
            }
            Rule::NestedField => {
                "fields are one level deep: make the inner struct a signal of its own"
            }
            Rule::IndexArithmetic => {
                "index() is a usize in Rust but keeps its width in Verilog: use it only to index"
            }
            Rule::Guard => "the guard of a match arm is lost: put an `if` into the arm",
            Rule::Call => {
                "a call that starts with bits or bit_cast is taken for a cast, whatever it does"
            }
            Rule::Attribute => {
                "an attribute on a statement is lost: cfg has no effect on the Verilog"
            }
        }
    }
}

struct Finding {
    rule: Rule,
    line: usize,
    code: String,
}

#[derive(Default)]
struct Linter {
    in_kernel: bool,
    loops: Vec<String>,
    /// Inside an index or the offset of a slice, where index() is right.
    indexing: usize,
    found: Vec<Finding>,
}

impl Linter {
    fn hit(&mut self, rule: Rule, at: &(impl ToTokens + Spanned)) {
        if !self.in_kernel {
            return;
        }
        let code = at.to_token_stream().to_string();
        self.found.push(Finding {
            rule,
            line: at.span().start().line,
            code,
        });
    }

    fn indexing(&mut self, expr: &Expr) {
        self.indexing += 1;
        self.visit_expr(expr);
        self.indexing -= 1;
    }
}

fn tokens(node: &impl ToTokens) -> String {
    node.to_token_stream().to_string().replace(' ', "")
}

impl<'a> Visit<'a> for Linter {
    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        for item in &item.items {
            let ImplItem::Fn(f) = item else { continue };
            if f.attrs.iter().any(|a| a.path().is_ident("hdl_gen")) {
                self.in_kernel = true;
                self.visit_block(&f.block);
                self.in_kernel = false;
            }
        }
    }

    fn visit_expr_for_loop(&mut self, l: &'a syn::ExprForLoop) {
        if let Expr::Range(range) = &*l.expr {
            if matches!(range.limits, RangeLimits::Closed(_)) {
                self.hit(Rule::InclusiveRange, range);
            }
        }
        if tokens(&l.expr).contains(".val()") {
            self.hit(Rule::RunTimeBound, &l.expr);
        }
        self.loops.push(tokens(&l.pat));
        self.visit_block(&l.body);
        self.loops.pop();
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        let name = tokens(path);
        let bare = path.path.segments.len() == 1 && name != "self" && !self.loops.contains(&name);
        if bare || name.starts_with("Self::") {
            self.hit(Rule::BarePath, path);
        }
    }

    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        let name = tokens(&call.func);
        let last = name.rsplit("::").next().unwrap_or_default();
        let known = name.starts_with("bit_cast::<")
            || name.starts_with("bits::<")
            || ["bit_cast", "bits"].contains(&last);
        if !known && !["link", "join"].contains(&last) {
            self.hit(Rule::Call, call);
        }
        // The signals of a link are paths by nature; casts have one argument.
        call.args.iter().for_each(|arg| self.visit_expr(arg));
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        self.visit_expr(&call.receiver);
        match call.method.to_string().as_str() {
            "index" if self.indexing == 0 => self.hit(Rule::IndexArithmetic, call),
            "get_bit" | "get_bits" | "replace_bit" => {
                let mut args = call.args.iter();
                args.next()
                    .into_iter()
                    .for_each(|offset| self.indexing(offset));
                args.for_each(|arg| self.visit_expr(arg));
            }
            _ => call.args.iter().for_each(|arg| self.visit_expr(arg)),
        }
    }

    fn visit_expr_index(&mut self, index: &'a syn::ExprIndex) {
        self.visit_expr(&index.expr);
        self.indexing(&index.index);
    }

    fn visit_expr_match(&mut self, m: &'a syn::ExprMatch) {
        // `match x.val().index()` compares with numbers: no arithmetic.
        match &*m.expr {
            Expr::MethodCall(call) if call.method == "index" => self.visit_expr(&call.receiver),
            other => self.visit_expr(other),
        }
        for arm in &m.arms {
            if let Some((_, guard)) = &arm.guard {
                self.hit(Rule::Guard, &**guard);
            }
            if !matches!(arm.pat, Pat::Wild(_)) && !arm.attrs.is_empty() {
                self.hit(Rule::Attribute, &arm.pat);
            }
            self.visit_expr(&arm.body);
        }
    }

    fn visit_expr_field(&mut self, field: &'a syn::ExprField) {
        if let Expr::Field(inner) = &*field.base {
            if tokens(&inner.base).ends_with(".val()") {
                self.hit(Rule::NestedField, field);
            }
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_expr_assign(&mut self, assign: &'a syn::ExprAssign) {
        // A block or signal may be called `next` too: the last one counts.
        let left = tokens(&assign.left);
        let fields = left.rsplit_once(".next.").map_or("", |(_, fields)| fields);
        if !left.ends_with(".next") && fields.contains('.') {
            self.hit(Rule::NestedField, &assign.left);
        }
        visit::visit_expr_assign(self, assign);
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if tokens(statement).starts_with("#[") {
            self.hit(Rule::Attribute, statement);
        }
        visit::visit_stmt(self, statement);
    }
}

fn lint(source: &str) -> Vec<Finding> {
    let file = syn::parse_file(source).expect("a Rust file");
    let mut linter = Linter::default();
    linter.visit_file(&file);
    linter.found
}

fn rust_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|x| x == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn kernels_keep_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    rust_files(&root.join("src"), &mut files);
    files.sort();
    assert!(files.len() > 5);
    let mut lines = vec![];
    for path in files {
        for f in lint(&std::fs::read_to_string(&path).unwrap()) {
            let path = path.strip_prefix(root).unwrap().display();
            lines.push(format!(
                "hdl/{path}:{}: {}: {}",
                f.line,
                f.code,
                f.rule.text()
            ));
        }
    }
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

/// The rules that a kernel with this body breaks; the body is line 1.
fn rules(body: &str) -> Vec<(Rule, usize)> {
    let source = format!("impl Logic for X {{ #[hdl_gen] fn update(&mut self) {{ {body} }} }}");
    lint(&source)
        .into_iter()
        .map(|f| (f.rule, f.line))
        .collect()
}

#[test]
fn every_rule_fires() {
    let fires = |body: &str, rule| assert_eq!(rules(body), [(rule, 1)], "{body}");
    fires(
        "for i in 0..=3 { self.o.next = self.a[i].val(); }",
        Rule::InclusiveRange,
    );
    fires(
        "for i in 0..(self.n.val().index()) { self.o.next = self.a[i].val(); }",
        Rule::RunTimeBound,
    );
    fires("self.o.next = self.a.val() + SIZE;", Rule::BarePath);
    fires(
        "self.o.next = self.a.val().get_bits::<8>(Self::LAST);",
        Rule::BarePath,
    );
    fires("self.o.next = self.h.val().inner.x;", Rule::NestedField);
    fires("self.h.next.inner.x = self.a.val();", Rule::NestedField);
    fires(
        "self.o.next = self.a.val().index() + 1 == 3;",
        Rule::IndexArithmetic,
    );
    fires(
        "match self.s.val() { State::A if self.b.val() => {} _ => {} }",
        Rule::Guard,
    );
    fires("self.o.next = bits_reversed(self.a.val());", Rule::Call);
    fires("#[cfg(test)] self.o.next = true;", Rule::Attribute);
}

#[test]
fn findings_have_line_numbers() {
    assert_eq!(rules("\n\nself.o.next = SIZE;"), [(Rule::BarePath, 3)]);
}

#[test]
fn good_kernels_pass() {
    for body in [
        "for i in 0..4 { self.o.next = self.a[i * 2 + 1].val().get_bit(i); }",
        "for k in (Self::LAST)..(Self::LAST + 1) { self.o.next = self.a.val().get_bits::<8>(k + 8); }",
        "self.o.next = self.a.val().get_bits::<8>(self.sel.val().index() * 8);",
        "self.o.next = self.a[self.sel.val().index()].val();",
        "match self.s.val() { State::A => self.o.next = true, _ => {} }",
        "match self.a.val().index() { 3 => self.o.next = true, _ => {} }",
        "AxisS::<D, K>::link(&mut self.rx, &mut self.skid.rx);",
        "self.o.next = bit_cast::<8, 4>(self.a.val()) | bits::<8>(3) & !self.h.val().x;",
        "self.state.d.next = State::A; self.h.next.x = 3.into();",
        "self.next.d.next = true; self.next.next.x = self.next.q.val().x; self.next.rx.tdata.next = true;",
    ] {
        assert_eq!(rules(body), [], "{body}");
    }
    assert!(
        lint("fn free() { let x = SIZE; for i in 0..=3 {} }").is_empty(),
        "only kernels are linted"
    );
}
