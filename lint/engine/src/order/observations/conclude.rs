//! What was seen on single paths, as facts of the program.

use super::{LateUseSeen, Observations};
use crate::Program;
use crate::cuda::Model;
use crate::cuda::row::MemoryKind;
use crate::facts::{
    Access, Callback, CaptureFault, Conflict, Dereference, Facts, Misfit, Object, Origin, Release,
    ReleaseKind, UseAfterEnd,
};
use crate::order::combined;

impl Observations {
    /// The facts. Callbacks are given as registered, with nothing searched yet.
    pub fn into_facts(self, program: &Program, model: &Model) -> Facts {
        let short_lived = |mut object: Object| {
            object.short_lived = object.site.is_some_and(|site| self.short_lived.contains(&site));
            object
        };
        let conflicts = self
            .conflicts
            .into_iter()
            .filter(|((site, pending, ..), sum)| {
                sum.forgotten.is_none() || !self.streams.is_explained(pending.site, *site)
            })
            .filter(|((_, pending, object, access), _)| {
                let is_left = match access {
                    Access::HostRead { left: true, .. } => true,
                    Access::HostRead { as_result: true, .. } => {
                        matches!(object.origin, Origin::Unseen | Origin::Allocated(_))
                    }
                    _ => false,
                };
                !(is_left && self.waited_by_caller.contains(&pending.site))
            })
            .map(|((site, pending, object, access), sum)| Conflict {
                pending,
                object: short_lived(object),
                site,
                access,
                paths: sum.paths,
                overlap: sum.overlap,
                exclusive: sum.exclusive,
                ends: sum.ends,
                forgotten: sum.forgotten,
                doubts: sum.doubts,
                undocumented_wait: sum.undocumented_wait,
                no_waits: sum.no_waits,
                witness: sum.witness,
            })
            .collect();
        let transfers = self.transfers.into_facts(program, short_lived);
        let releases = self
            .releases
            .into_iter()
            .map(|((site, how), sum)| {
                // A variable with static storage may have been registered by whatever ran before.
                let elsewhere = |object: &Object| {
                    how == ReleaseKind::Unregister
                        && object.origin == Origin::Static
                        && object.site.is_some_and(|site| self.registered.contains(&site))
                };
                let known = |object: Option<Object>| object.filter(|it| !elsewhere(it)).map(short_lived);
                let objects = sum.objects.into_iter().map(known).collect();
                Release { site, how: how.clone(), objects, interior: sum.interior }
            })
            .collect();
        let host_arguments = self.kernel_arguments.into_facts(|object| match object.memory {
            Some(MemoryKind::Registered) => {
                let by_host = object.site.is_some_and(|site| !self.aliased.contains(&site));
                by_host && !self.asks_for_registered
            }
            _ => !object.site.is_some_and(|site| self.registered.contains(&site)),
        });
        let misfits = self
            .misfits
            .into_iter()
            .map(|((site, function, what), paths)| Misfit { site, function, what, paths })
            .collect();
        let dereferences = self
            .dereferences
            .into_iter()
            .map(|((site, write, via, object), paths)| Dereference { site, object, write, via, paths })
            .collect();
        let callbacks = self
            .callbacks
            .into_iter()
            .map(|(registered_at, registered_with, function)| {
                let it = &program.functions[function.0 as usize];
                Callback {
                    registered_at,
                    registered_with,
                    function: it.name.clone(),
                    function_site: it.site,
                    params: it.params.len(),
                    reaches: Vec::new(),
                }
            })
            .collect();
        let late_uses = self.late_uses.into_iter().map(|((site, seen), paths)| {
            let LateUseSeen { what, ended_at, reset_by, by } = seen;
            UseAfterEnd { site, what, ended_at, reset_by, by, paths }
        });
        let needless_waits =
            self.needless.into_values().filter(|wait| !self.needed.contains(&wait.site)).collect();
        let rounds =
            self.rounds.into_values().filter(|(turns, it)| turns.len() > 1 && !self.kept.contains(&it.site));
        let mut errors = self.errors;
        errors.early.sort();
        errors.blind_polls.sort();
        let captures = self.captures.into_iter().map(|((site, (capture, what)), sum)| CaptureFault {
            site,
            what,
            capture,
            doubtful: sum.doubtful,
            paths: sum.paths,
        });
        Facts {
            unwritten_sources: self.unwritten.into_facts(),
            combined_reads: combined::facts(self.combined),
            late_uses: late_uses.collect(),
            captures: captures.collect(),
            left: self.ends.into_facts(program, model),
            timings: self.timings.into_facts(),
            needless_waits,
            made_each_round: rounds.map(|(_, it)| it).collect(),
            handles_in_flight: self.handles_in_flight.into_values().collect(),
            leaks: self.leaks.into_facts(),
            wrong_devices: self.devices.into_facts(),
            errors,
            conflicts,
            transfers,
            host_arguments,
            misfits,
            releases,
            dereferences,
            launches: Vec::new(),
            callbacks,
            events: self.events.into_facts(program),
            invalid_calls: program.invalid_calls.clone(),
            unresolved_includes: program.unresolved_includes,
            partial: self.partial,
            ways: self.ways.into_facts(),
        }
    }
}
