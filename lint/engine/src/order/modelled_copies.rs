//! Copies as the rows of the model describe them: their operands, sizes and directions.

use super::extents::Rows;
use super::graph_nodes::Adds;
use super::machine::Machine;
use super::model::Modelled;
use super::state::State;
use super::symbol::Linear;
use super::transfers::Copy;
use super::value::Value;
use crate::cuda::row::{Direction, Mode, Role};
use crate::program::BinaryOp;

impl Machine<'_, '_> {
    /// A copy: which side is the device by its function or symbol, and what is said of its direction.
    pub(super) fn model_copy(
        &mut self,
        state: &mut State,
        it: &Modelled<'_, '_>,
        fixed: Option<Direction>,
        mode: Mode,
    ) {
        let mut dst = it.arg(Role::Dst).cloned();
        let mut src = it.arg(Role::Src).cloned();
        let mut kind = it.arg(Role::Kind).cloned();
        let (mut dst_device, mut src_device) = (false, false);
        if let Some(params) = it.arg(Role::CopyParams).cloned()
            && let Some(params) = self.pointer(&params)
        {
            kind = self.peek_field(state, &params, &["kind"]);
            [(dst, dst_device), (src, src_device)] = self.sides_by_params(state, &params);
            // Arrays, and parameters that are filled out of sight: nothing is known of the node.
            if self.calling.adds != Adds::Nothing && dst.is_none() && src.is_none() {
                return;
            }
        }
        if let Some(symbol) = it.arg(Role::Symbol).cloned() {
            // A device symbol stands on the side that has no pointer. What is not seen to be one (a variable
            // template, a name that nothing declares) is one all the same, or the call would not compile.
            let seen = self.pointer(&symbol).and_then(|it| self.memory_kind(state, it.object));
            let symbol = seen.filter(|kind| !kind.is_host()).map(|_| symbol);
            if dst.is_none() {
                (dst, dst_device) = (symbol, true);
            } else {
                (src, src_device) = (symbol, true);
            }
        }
        match fixed {
            Some(Direction::HostToDevice) => dst_device = true,
            Some(Direction::DeviceToHost) => src_device = true,
            Some(Direction::DeviceToDevice) => (dst_device, src_device) = (true, true),
            _ => {}
        }
        let stated = match kind.as_ref().map(Value::as_constant) {
            Some(Some(0)) => Some(Direction::HostToHost),
            Some(Some(1)) => Some(Direction::HostToDevice),
            Some(Some(2)) => Some(Direction::DeviceToHost),
            Some(Some(3)) => Some(Direction::DeviceToDevice),
            Some(_) => None,
            None => fixed,
        };
        let (stream, stream_omitted) = match mode {
            // "The synchronous forms issue these copies through the default stream."
            Mode::Sync if it.position(Role::Stream).is_none() => (self.stream_key(None), false),
            _ => self.stream_of(state, it),
        };
        let bytes = self.product(it);
        let copy = Copy {
            function: it.shown(),
            dst,
            src,
            dst_device_by_type: dst_device,
            src_device_by_type: src_device,
            stated,
            kind_site: None,
            bytes,
            dst_rows: self.rows_of(it, Role::Dst, &Linear::constant(1)),
            src_rows: self.rows_of(it, Role::Src, &Linear::constant(1)),
            mode,
            stream,
            stream_omitted,
            status: it.status,
        };
        self.copy(state, copy);
    }

    /// The rows that a call touches of an operand, if there are gaps between them. `unit`: bytes of what its width
    /// counts.
    pub(super) fn rows_of(&mut self, it: &Modelled<'_, '_>, operand: Role, unit: &Linear) -> Option<Rows> {
        let at = it.position(operand)?;
        let rest = || it.row.params.iter().zip(&it.call.args).skip(at + 1);
        let mut after = rest().take_while(|(param, _)| !matches!(param.role, Role::Dst | Role::Src));
        let (param, step) = after.find(|(param, _)| matches!(param.role, Role::Pitch | Role::Stride))?;
        let step = self.number(step);
        let factors: Vec<Value> = it.args(Role::Bytes).cloned().collect();
        let factors: Vec<Linear> = factors.iter().map(|it| self.number(it)).collect();
        let times =
            |machine: &mut Self, a: &Linear, b: &Linear| machine.symbols.arithmetic(BinaryOp::Mul, a, b);
        let (width, pitch, count) = match (param.role, &factors[..]) {
            (Role::Pitch, [width, rows]) => (times(self, width, unit), step, rows),
            (Role::Stride, [rows, element]) => (element.clone(), times(self, &step, element), rows),
            (Role::Stride, [length, rows, element]) => {
                (times(self, length, element), times(self, &step, element), rows)
            }
            _ => return None,
        };
        let is_one = width == pitch || count.as_constant().is_some_and(|rows| rows <= 1);
        (!is_one).then(|| Rows { width, pitch, count: count.clone() })
    }

    /// The product of the arguments that count bytes.
    pub(super) fn product(&mut self, it: &Modelled<'_, '_>) -> Option<Linear> {
        let factors: Vec<Value> = it.args(Role::Bytes).cloned().collect();
        let mut product: Option<Linear> = None;
        for factor in &factors {
            let factor = self.number(factor);
            product = Some(match product {
                Some(product) => self.symbols.arithmetic(BinaryOp::Mul, &product, &factor),
                None => factor,
            });
        }
        product
    }
}
