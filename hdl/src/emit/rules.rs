//! Rules of the streams that a module drives, as checks that only simulation sees: what is offered stays, unchanged, until it
//! is taken. Every emitted module has them for each of its outputs `<stream>valid` with an input `<stream>ready`
//! (`tvalid` and `tready` likewise), so every stream inside the chip is watched where it is driven.

use super::{bits, Dir, PortInfo};

/// Streams driven by a module with these ports: prefix, `valid`, `ready`, payload ports.
fn streams(ports: &[PortInfo]) -> Vec<(&str, String, &str, Vec<&str>)> {
    let output = |name: &str| {
        ports
            .iter()
            .any(|p| p.name == name && p.dir == Dir::Output && p.width == 1)
    };
    let mut all = vec![];
    for ready in ports.iter().filter(|p| p.dir == Dir::Input && p.width == 1) {
        let Some((prefix, t)) = ready
            .name
            .strip_suffix("tready")
            .map(|prefix| (prefix, "t"))
            .or_else(|| ready.name.strip_suffix("ready").map(|prefix| (prefix, "")))
        else {
            continue;
        };
        let valid = format!("{prefix}{t}valid");
        if !(prefix.is_empty() || prefix.ends_with('_')) || !output(&valid) {
            continue;
        }
        let payload = ports
            .iter()
            .filter(|p| p.dir == Dir::Output && p.name != valid)
            .map(|p| p.name.as_str())
            .filter(|name| {
                let of_prefix = !prefix.is_empty() && name.starts_with(prefix);
                let bare = prefix.is_empty() && !t.is_empty() && name.starts_with('t');
                of_prefix || bare || *name == prefix.trim_end_matches('_')
            })
            .collect();
        all.push((prefix, valid, ready.name.as_str(), payload));
    }
    all
}

/// The checks of a module with these ports; nothing if it has no clock, no reset or drives no stream.
pub fn text(ports: &[PortInfo]) -> String {
    let has = |name: &str| ports.iter().any(|p| p.name == name && p.dir == Dir::Input);
    let streams = streams(ports);
    if !has("clock") || !has("reset") || streams.is_empty() {
        return String::new();
    }
    let mut out = String::from("`ifndef SYNTHESIS\n");
    for (prefix, valid, ready, payload) in streams {
        let held = format!("{prefix}rule_held");
        let was = format!("{prefix}rule_was");
        let width = bits(ports, |p| payload.contains(&p.name.as_str()));
        let now = format!("{{{}}}", payload.join(", "));
        out += &format!(
            "  reg {held};\n  always @(posedge clock) {held} <= !reset && {valid} && !{ready};\n"
        );
        out += &format!(
            "  always @(posedge clock) if (!reset && {held} && !{valid}) $error(\"%m: {valid} drops before {ready}\");\n"
        );
        if width > 0 {
            out += &format!(
                "  reg [{}:0] {was};\n  always @(posedge clock) {was} <= {now};\n",
                width - 1
            );
            out += &format!(
                "  always @(posedge clock) if (!reset && {held} && {valid} && {was} != {now}) $error(\"%m: what {valid} offers changes before {ready}\");\n"
            );
        }
    }
    out + "`endif\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_what_shares_a_prefix_with_its_ready() {
        let ports = [
            PortInfo::new("clock", Dir::Input, 1),
            PortInfo::new("reset", Dir::Input, 1),
            PortInfo::new("op_valid", Dir::Output, 1),
            PortInfo::new("op_ready", Dir::Input, 1),
            PortInfo::new("op", Dir::Output, 9),
            PortInfo::new("op_kind", Dir::Output, 3),
            PortInfo::new("operand", Dir::Output, 3),
            PortInfo::new("in_tvalid", Dir::Input, 1),
            PortInfo::new("in_tready", Dir::Output, 1),
        ];
        let found = streams(&ports);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].3, ["op", "op_kind"]);
        assert!(text(&ports).contains("{op, op_kind}"));
        assert_eq!(text(&ports[2..]), "");
    }
}
