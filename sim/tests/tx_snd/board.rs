//! stub
use super::model::Event;
#[derive(Clone, Debug, Default)]
pub struct Board {
    pub lost_first: bool,
    pub hole: Option<(u32, u32)>,
}
impl Board {
    pub fn news(&self, _b: (u32, u32), _una: u32, _max: u32) -> bool {
        false
    }
    pub fn pipe(&self, una: u32, max: u32) -> i64 {
        i64::from(max.wrapping_sub(una))
    }
    pub fn forget(&mut self) {}
    pub fn take(&mut self, _e: &Event, _on: bool, _una: u32, _max: u32, _mss: u32) {}
}
