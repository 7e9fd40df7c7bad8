//! Streams that are left out at a call: the default of the parameter takes their place, there or in a function that
//! hands it on.
//!
//! That says "nobody thought of a stream", where a written 0 is a choice.

use std::collections::BTreeMap;

use super::machine::Machine;
use super::value::Value;
use crate::program::{Call, FunctionId, LocalId, SiteId, ValueId};

/// The stream parameters of a function that is being followed which its call leaves out, each with the call that does.
#[derive(Clone, Debug, Default)]
pub(super) struct LeftOut {
    function: Option<FunctionId>,
    by: BTreeMap<LocalId, SiteId>,
}

/// True if a call leaves an argument out.
pub(super) fn is_left_out(call: &Call, argument: usize) -> bool {
    call.written.get(argument).is_some_and(|it| it.left_out)
}

impl Machine<'_, '_> {
    /// What a call of a function with a body leaves out, itself or by handing on what its own caller has.
    pub(super) fn leaves_out(&self, call: &Call, function: FunctionId) -> LeftOut {
        let mut by = BTreeMap::new();
        let is_bottom = self.left_out.last().is_none_or(|it| it.by.is_empty());
        if call.written.is_empty() && is_bottom {
            return LeftOut::default();
        }
        for (index, (param, argument)) in
            self.shared.function(function).params.iter().zip(&call.args).enumerate()
        {
            let site = match is_left_out(call, index) {
                true => Some(self.at.site),
                false => self.handed_on(*argument),
            };
            if let Some(site) = site {
                by.insert(*param, site);
            }
        }
        LeftOut { function: Some(function), by }
    }

    /// The call that has left out what is passed on as the default stream: the value is read from the parameter, to
    /// which nothing is assigned.
    pub(super) fn left_out_by(&self, argument: ValueId, value: &Value) -> Option<SiteId> {
        (value.as_constant() == Some(0)).then(|| self.handed_on(argument)).flatten()
    }

    fn handed_on(&self, argument: ValueId) -> Option<SiteId> {
        let id = *self.stack.last()?;
        let left_out = self.left_out.last().filter(|it| it.function == Some(id) && !it.by.is_empty())?;
        let (definitions, function) = (self.shared.definitions(id), self.shared.function(id));
        let local = definitions.variable_read(function, argument)?;
        left_out.by.get(&local).copied().filter(|_| definitions.stores_to(local).is_empty())
    }
}
