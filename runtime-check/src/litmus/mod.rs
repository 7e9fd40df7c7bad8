//! Litmus tests: random traces show whether the happens-before model and a machine agree.
//!
//! [`generate`] makes traces, the judge of the engine says which pairs of steps nothing orders, and [`run`]
//! puts each trace on a machine under schedules that keep single steps back. What shows must be reachable from
//! such a pair ([`oracle`]); what does not agree is made small ([`minimise`]). [`mutants`] is the test of the
//! test: the model with one rule changed has to be caught. [`simulated`] is a device without a GPU.

mod command;
mod generate;
mod minimise;
mod mutants;
mod oracle;
mod queues;
mod random;
mod reach;
mod report;
mod run;
mod simulated;
mod single;
#[cfg(test)]
mod tests;

pub use command::{Litmus, catch, litmus, measure};
pub use mutants::Caught;
pub use report::{Missed, Report, Row};
