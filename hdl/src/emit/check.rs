//! Checks of a lowered kernel: drivers, latches, order of reads and writes, combinational loops.
use super::error::Problem;
use super::expr::{Names, Role};
use super::stmt::{visit_assigns, Stmt};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the walk in source order has found.
#[derive(Default)]
pub struct Flow {
    /// Targets in the order of their first assignment.
    pub targets: Vec<String>,
    /// Targets that not every path assigns in full.
    pub partial: BTreeSet<String>,
}

/// Walks the kernel in source order. `held` are register inputs, which hold unless assigned.
pub fn flow(kernel: &[Stmt], held: &BTreeSet<String>, problems: &mut Vec<Problem>) -> Flow {
    let mut walk = Walk {
        held,
        read: BTreeSet::new(),
        targets: vec![],
        problems,
    };
    let mut assigned = Assigned::new();
    walk.block(kernel, &mut assigned);
    let full = |name: &String| {
        assigned
            .get(name)
            .is_some_and(|bits| bits.iter().all(|b| *b))
    };
    let partial = walk.targets.iter().filter(|t| !full(t)).cloned().collect();
    Flow {
        targets: walk.targets,
        partial,
    }
}

/// Bits of each target that every path so far has assigned.
type Assigned = HashMap<String, Vec<bool>>;

struct Walk<'a> {
    held: &'a BTreeSet<String>,
    /// Names that something other than their own assignment has read.
    read: BTreeSet<String>,
    targets: Vec<String>,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn block(&mut self, block: &[Stmt], assigned: &mut Assigned) {
        for statement in block {
            match statement {
                Stmt::Assign(a) => {
                    for name in &a.reads.names {
                        if *name != a.target {
                            self.read.insert(name.clone());
                            continue;
                        }
                        let full = assigned
                            .get(name)
                            .is_some_and(|bits| bits.iter().all(|b| *b));
                        if a.reads.hoisted.contains(name) || !(full || self.held.contains(name)) {
                            self.report(Problem::ReadBeforeWrite(name.clone()));
                        }
                    }
                    if self.read.contains(&a.target) {
                        self.report(Problem::WrittenAfterRead(a.target.clone()));
                    }
                    if !self.targets.contains(&a.target) {
                        self.targets.push(a.target.clone());
                    }
                    let bits = assigned
                        .entry(a.target.clone())
                        .or_insert_with(|| vec![false; a.bits]);
                    bits[a.low..a.low + a.width].fill(true);
                }
                Stmt::If {
                    reads,
                    then,
                    otherwise,
                    ..
                } => {
                    self.read.extend(reads.names.iter().cloned());
                    self.branches(&[then, otherwise], assigned);
                }
                Stmt::Case { reads, arms, .. } => {
                    self.read.extend(reads.names.iter().cloned());
                    let blocks: Vec<_> = arms.iter().map(|(_, block)| block).collect();
                    self.branches(&blocks, assigned);
                }
            }
        }
    }

    fn branches(&mut self, blocks: &[&Vec<Stmt>], assigned: &mut Assigned) {
        let mut ends = vec![];
        for block in blocks {
            let mut end = assigned.clone();
            self.block(block, &mut end);
            ends.push(end);
        }
        let Some(mut common) = ends.pop() else { return };
        common.retain(|name, bits| {
            ends.iter().all(|end| match end.get(name) {
                Some(other) => {
                    bits.iter_mut().zip(other).for_each(|(b, o)| *b &= o);
                    true
                }
                None => false,
            })
        });
        *assigned = common;
    }

    fn report(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Every net has exactly the driver that its role needs. `wired` are child inputs that the emitter drives.
pub fn drivers(
    kernel: &[Stmt],
    order: &[String],
    names: &Names,
    wired: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) {
    let mut linked: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    visit_assigns(kernel, &mut vec![], &mut |a, _| {
        let (links, assigns) = linked.entry(&a.target).or_default();
        if a.link {
            *links += 1;
        } else {
            *assigns += 1;
        }
    });
    for name in order {
        let Some(net) = names.nets.get(name) else {
            continue;
        };
        let driver = linked.get(name.as_str());
        match (net.role, driver) {
            (Role::Input | Role::ChildOutput, Some(_)) => {
                problems.push(Problem::MustNotDrive(name.clone()))
            }
            (Role::Output | Role::Local | Role::ChildInput, None) if !wired.contains(name) => {
                problems.push(Problem::NotDriven(name.clone()));
            }
            (_, Some((links, assigns))) if *links > 1 || (*links == 1 && *assigns > 0) => {
                problems.push(Problem::DrivenTwice(name.clone()));
            }
            _ => {}
        }
    }
}

/// From each net to the nets that it depends on within the same cycle.
pub type Depends = BTreeMap<String, BTreeSet<String>>;

/// What the kernel's targets read, conditions included.
pub fn depends(kernel: &[Stmt]) -> Depends {
    let mut depends = Depends::new();
    visit_assigns(kernel, &mut vec![], &mut |a, around| {
        let on = depends.entry(a.target.clone()).or_default();
        let outside = around.iter().flat_map(|r| &r.names);
        on.extend(
            a.reads
                .names
                .iter()
                .chain(outside)
                .filter(|n| **n != a.target)
                .cloned(),
        );
    });
    depends
}

/// A cycle, as `a <- b <- a`.
pub fn find_loop(depends: &Depends) -> Option<String> {
    let mut done = BTreeSet::new();
    for start in depends.keys() {
        let mut path = vec![];
        if visit(depends, start, &mut done, &mut path) {
            return Some(path.join(" <- "));
        }
    }
    None
}

/// Depth first; on a cycle `path` is left holding it.
fn visit<'a>(
    depends: &'a Depends,
    name: &'a str,
    done: &mut BTreeSet<&'a str>,
    path: &mut Vec<&'a str>,
) -> bool {
    if let Some(start) = path.iter().position(|p| *p == name) {
        path.push(name);
        path.drain(..start);
        return true;
    }
    if done.contains(name) {
        return false;
    }
    path.push(name);
    for next in depends.get(name).into_iter().flatten() {
        if visit(depends, next, done, path) {
            return true;
        }
    }
    path.pop();
    done.insert(name);
    false
}

/// Everything that `name` depends on, directly or not.
pub fn reaches(depends: &Depends, name: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut todo = vec![name.to_string()];
    while let Some(next) = todo.pop() {
        for on in depends.get(&next).into_iter().flatten() {
            if seen.insert(on.clone()) {
                todo.push(on.clone());
            }
        }
    }
    seen
}
