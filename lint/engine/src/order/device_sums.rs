//! Sums up what single paths show of wrong devices.

use std::collections::BTreeMap;

use super::machine::At;
use super::observations::Observations;
use super::state::State;
use crate::facts::{Device, DeviceFault, Paths, Presumed, WrongDevice};
use crate::program::SiteId;

/// What tells findings apart.
pub type WrongDeviceSeen = (DeviceFault, Device, Device, Option<Presumed>);

/// What was seen of wrong devices, over all paths.
#[derive(Debug, Default)]
pub struct DeviceSums(BTreeMap<SiteId, WrongDevice>);

impl DeviceSums {
    /// Adds what one path shows: of one call, what was seen first and is the surest.
    pub fn add(&mut self, seen: WrongDevice) {
        let sum = self.0.entry(seen.site).or_insert_with(|| seen.clone());
        if (seen.presumed.is_none(), seen.paths) > (sum.presumed.is_none(), sum.paths) {
            *sum = seen;
        }
    }

    /// It was seen on all paths.
    pub fn on_all_paths(&mut self, site: SiteId) {
        if let Some(sum) = self.0.get_mut(&site) {
            sum.paths = Paths::All;
        }
    }

    /// The facts.
    pub fn into_facts(self) -> Vec<WrongDevice> {
        self.0.into_values().collect()
    }
}

impl Observations {
    /// Something of another device is used.
    pub(super) fn wrong_device(&mut self, at: At, state: &State, seen: WrongDeviceSeen) {
        let paths = self.device_hit(at, state, at.site);
        let (what, here, there, presumed) = seen;
        self.devices.add(WrongDevice { site: at.site, what, here, there, presumed, paths });
    }
}
