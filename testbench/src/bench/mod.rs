//! The figures: latency, goodput and speed of the chip, each beside its budget.
//!
//! | module | figures |
//! |---|---|
//! | [`sweep`] | added cycles over the plain NIC path for every frame length, first data beat, bound of the plain path |
//! | [`burst`] | the same with frames back to back on one connection |
//! | [`smallest`] | the smallest Write at 64 bits, and its picture |
//! | [`goodput`] | goodput of Writes on one connection |
//! | [`flows`] | goodput over many connections, of cut and of disordered streams |
//! | [`shared`] | FPDUs that share a segment or straddle two |
//! | [`speed`] | simulated cycles a second |
//!
//! [`page`] makes `docs/results.md` of them.
//!
//! All run the Verilated chip at a preset's own sizes: the models are those that `ferrowarp replay` uses. Cycles are core
//! clock cycles, counted at the chip's ports. [`Rig`] offers frames and pairs each with its DMA write, octets compared.

pub mod burst;
pub mod flows;
pub mod goodput;
pub mod page;
pub mod progress;
pub mod rig;
pub mod shared;
pub mod smallest;
pub mod speed;
pub mod sweep;

pub use progress::Progress;
pub use rig::{Kind, Rig, Sample};

use crate::chip::{self, ChipError};
use ferrowarp_hdl::preset::{Preset, PresetError};
use ferrowarp_sim::ModelLib;
use serde::Serialize;
use thiserror::Error;

/// The presets that are measured: 64 and 512 bits.
pub const PRESETS: [&str; 2] = ["dc-25g", "dc-100g"];

/// Why a figure could not be taken. A figure that misses its budget is no error.
#[derive(Debug, Error)]
pub enum BenchError {
    #[error(transparent)]
    Chip(#[from] ChipError),
    #[error(transparent)]
    Preset(#[from] PresetError),
    #[error("{preset}: {what}")]
    Wrong { preset: String, what: String },
}

/// One figure beside its budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    pub preset: String,
    pub value: f64,
    pub unit: String,
    /// `None`: reported only, with an aim of [`flows::REPORTED`], or the simulation speed.
    pub budget: Option<f64>,
    pub met: bool,
    /// Where the value was found and how much was measured. Not part of `bench.json`.
    #[serde(skip)]
    pub note: String,
}

impl Figure {
    fn new(preset: &str, name: &str, value: f64, unit: &str, note: String) -> Self {
        let (name, preset, unit) = (name.into(), preset.into(), unit.into());
        Self {
            name,
            preset,
            value,
            unit,
            budget: None,
            met: true,
            note,
        }
    }

    /// Met when the value is not above `budget`.
    fn at_most(mut self, budget: f64) -> Self {
        self.budget = Some(budget);
        self.met = self.value <= budget;
        self
    }

    /// Met when the value is not below `budget`.
    fn at_least(mut self, budget: f64) -> Self {
        self.budget = Some(budget);
        self.met = self.value >= budget;
        self
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every length.
    Full,
    /// Every length up to 310 and a stride above: what the tests hold.
    Quick,
}

impl Extent {
    /// Frames of a goodput figure: as many cycles at any width.
    fn frames(self, preset: &Preset) -> usize {
        let scale = match self {
            Extent::Full => 40,
            Extent::Quick => 15,
        };
        scale * preset.data_width / 8
    }
}

/// What one preset gave.
pub struct Outcome {
    pub figures: Vec<Figure>,
    /// The picture of the smallest Write (64 bits only).
    pub svg: Option<String>,
    pub lib: ModelLib,
}

/// Builds the chip of `preset` and takes all its figures but the simulation speed, which wants the machine for itself.
pub fn measure(
    preset: &Preset,
    extent: Extent,
    progress: &Progress,
) -> Result<Outcome, BenchError> {
    let who = &preset.name;
    progress.set(who, "building the model");
    let lib = chip::build(preset.data_width, &preset.cfg(), false)?;
    let mut figures = Vec::new();
    let mut plain = sweep::Plain::default();
    for timestamps in [false, true] {
        let mut rig = Rig::new(preset, &lib, timestamps)?;
        figures.extend(sweep::figures(&mut rig, extent, &mut plain, progress)?);
    }
    figures.extend(burst::figures(
        &mut Rig::new(preset, &lib, false)?,
        extent,
        progress,
    )?);
    let mut svg = None;
    if preset.data_width == 64 {
        progress.set(who, "smallest Write");
        let (figure, picture) = smallest::figure(&mut Rig::new(preset, &lib, false)?)?;
        figures.push(figure);
        svg = Some(picture);
    }
    figures.extend(goodput::figures(preset, &lib, extent, progress)?);
    figures.extend(flows::figures(preset, &lib, extent, progress)?);
    progress.set(who, "done");
    Ok(Outcome { figures, svg, lib })
}

/// Four places at most.
fn number(v: f64) -> String {
    ((v * 1e4).round() / 1e4).to_string()
}

/// The figures as a table.
pub fn table(figures: &[Figure]) -> String {
    let mut rows = vec![["figure", "preset", "value", "budget", "met", ""].map(String::from)];
    for f in figures {
        let budget = f.budget.map_or("-".into(), number);
        let met = match f.budget {
            None => "",
            Some(_) if f.met => "yes",
            Some(_) => "NO",
        };
        let value = format!("{} {}", number(f.value), f.unit);
        rows.push([
            f.name.clone(),
            f.preset.clone(),
            value,
            budget,
            met.into(),
            f.note.clone(),
        ]);
    }
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let w = [width(0), width(1), width(2), width(3), width(4)];
    let line = |r: &[String; 6]| {
        let text = format!(
            "{:<a$}  {:<b$}  {:>c$}  {:>d$}  {:<e$}  {}",
            r[0],
            r[1],
            r[2],
            r[3],
            r[4],
            r[5],
            a = w[0],
            b = w[1],
            c = w[2],
            d = w[3],
            e = w[4]
        );
        text.trim_end().to_string() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_met_up_to_its_budget_and_not_beyond() {
        let f = |v| Figure::new("p", "n", v, "cycles", String::new());
        assert!(f(3.0).at_most(3.0).met && !f(4.0).at_most(3.0).met);
        assert!(f(0.99).at_least(0.99).met && !f(0.9899).at_least(0.99).met);
        let text = table(&[f(4.0).at_most(3.0), f(50_000.0)]);
        assert!(
            text.lines().nth(1).is_some_and(|l| l.contains("NO")),
            "{text}"
        );
    }

    #[test]
    fn json_has_the_keys_of_the_contract() {
        let f = Figure::new("p", "n", 1.5, "cycles", "note".into());
        let text = serde_json::to_string(&f).expect("json");
        assert_eq!(
            text,
            r#"{"name":"n","preset":"p","value":1.5,"unit":"cycles","budget":null,"met":true}"#
        );
    }
}
