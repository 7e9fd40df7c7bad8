//! By which calls of functions of other files a path has got to what it sees.

use std::collections::BTreeMap;

use crate::facts::{Entered, Ways};
use crate::program::{FunctionId, SiteId};

/// The calls that are being followed, and what is known of those before.
#[derive(Debug, Default)]
pub struct WaySums {
    now: Vec<Entered>,
    /// Whether the path had not failed, and the calls.
    leading: BTreeMap<SiteId, (bool, Vec<Entered>)>,
    first: BTreeMap<FunctionId, (FunctionId, SiteId)>,
}

impl WaySums {
    /// A function of another file is entered.
    pub fn enter(&mut self, caller: FunctionId, call: Entered) {
        self.first.entry(call.function).or_insert((caller, call.site));
        self.now.push(call);
    }

    /// It is left.
    pub fn leave(&mut self) {
        self.now.pop();
    }

    /// Something is seen here. The first way is kept, of those on which nothing has failed if there is one.
    pub fn sees(&mut self, site: SiteId, is_sound: bool) {
        match self.leading.get_mut(&site) {
            Some((known, way)) if is_sound && !*known => {
                (*known, *way) = (true, self.now.clone());
            }
            Some(_) => {}
            None => {
                self.leading.insert(site, (is_sound, self.now.clone()));
            }
        }
    }

    /// What the rules get.
    pub fn into_facts(self) -> Ways {
        let leading = self.leading.into_iter().map(|(site, (_, way))| (site, way)).collect();
        Ways { leading, first: self.first }
    }
}
