//! Calls as the program has them: of functions of the model by name, of bindings, and of what nobody knows.

use cuda_lint_engine::program::{Call, Callee, Extern, ExternParam, Link, Origin, SiteId, Type, ValueId};
use proc_macro2::Span;
use syn::Expr;

use super::function::{Body, Length, Val};
use super::items::FnDef;
use super::ty::Ty;

impl Body<'_> {
    /// Emits a call, with a place for a result that lives in memory.
    pub fn emit_call(&mut self, callee: Callee, args: Vec<ValueId>, result: Ty, site: SiteId) -> Val {
        let ir = self.file.ir(&result);
        if self.file.is_aggregate(&result) {
            let var = self.temporary(result.clone(), site);
            let into = self.builder.address_of(site, self.vars[var].local);
            let call = Call { into: Some(into), ty: ir, ..Call::of(callee, args) };
            self.builder.call(site, call);
            self.set_flag(var, 1, site);
            let id = self.builder.address_of(site, self.vars[var].local);
            return Val { id, ty: result, temp: Some(var), fallible: false, length: Length::Unknown };
        }
        let id = self.builder.value();
        let call = Call { result: Some(id), ty: ir, ..Call::of(callee, args) };
        self.builder.call(site, call);
        self.val(id, result)
    }

    /// A function of the C APIs, as bindings have it: its arguments are what they are.
    pub fn raw_call(&mut self, name: &str, args: &[&Expr], span: Span) -> Val {
        let site = self.site(span);
        let values: Vec<Val> = args.iter().map(|it| self.expr(it)).collect();
        let params = values.iter().map(|it| self.param_kind(it)).collect();
        let callee = self.system_extern(name, params);
        let values = values.into_iter().map(|it| it.id).collect();
        self.emit_call(callee, values, Ty::Status, site)
    }

    fn param_kind(&mut self, value: &Val) -> ExternParam {
        match &value.ty {
            Ty::Int(_) | Ty::Float(_) | Ty::Unit | Ty::Never | Ty::Status => ExternParam::Value,
            Ty::Ref { mutable: false, .. } => ExternParam::Read,
            Ty::Ref { .. } | Ty::Unknown | Ty::Param(_) => ExternParam::ReadWrite,
            ty if self.file.definitions.is_handle(ty) => ExternParam::Handle,
            _ => ExternParam::ReadWrite,
        }
    }

    /// A row of the model, by its name; its arguments are values already.
    pub fn row_extern(&mut self, name: &str, args: usize, host: bool) -> Callee {
        let params =
            (0..args).map(|_| if host { ExternParam::ReadWrite } else { ExternParam::Handle }).collect();
        self.system_extern(name, params)
    }

    fn system_extern(&mut self, name: &str, params: Vec<ExternParam>) -> Callee {
        Callee::Extern(self.file.extern_id(Extern {
            name: name.to_owned(),
            is_method: false,
            is_const: false,
            params,
            no_return: false,
            origin: Origin::System,
            link: None,
        }))
    }

    /// Calls a row without a result.
    pub fn row_call(&mut self, name: &str, args: Vec<ValueId>, site: SiteId, host: bool) {
        let callee = self.row_extern(name, args.len(), host);
        let call = Call::of(callee, args);
        self.builder.call(site, call);
    }

    /// Calls a row with a result that is a value.
    pub fn row_value(
        &mut self,
        name: &str,
        args: Vec<ValueId>,
        ty: Type,
        site: SiteId,
        host: bool,
    ) -> ValueId {
        let callee = self.row_extern(name, args.len(), host);
        let result = self.builder.value();
        let call = Call { result: Some(result), ty, ..Call::of(callee, args) };
        self.builder.call(site, call);
        result
    }

    /// A function of another file of the crate: the link finds it.
    pub fn linked(&mut self, def: &FnDef, args: &[Val], site: SiteId) -> Callee {
        let params = args.iter().map(|it| self.param_kind(it)).collect();
        Callee::Extern(self.file.extern_id(Extern {
            name: def.shown.clone(),
            is_method: def.owner.is_some(),
            is_const: false,
            params,
            no_return: false,
            origin: Origin::Project,
            link: Some(Link {
                symbol: format!("rust:{}", def.path),
                template: String::new(),
                declared: site,
            }),
        }))
    }

    /// Something of which nothing is known.
    pub fn unknown_call(&mut self, name: &str, args: &[&Expr], receiver: Option<Val>, span: Span) -> Val {
        let is_method = receiver.is_some();
        let mut values: Vec<Val> = receiver.into_iter().collect();
        values.extend(args.iter().map(|it| self.expr(it)));
        self.unknown_call_with(name, values, is_method, span)
    }

    pub fn unknown_call_with(&mut self, name: &str, values: Vec<Val>, is_method: bool, span: Span) -> Val {
        let site = self.site(span);
        for value in &values {
            self.take(value, site);
        }
        for value in &values {
            self.run_perhaps(value, span);
        }
        let own_crate = self.place.module.first().is_some_and(|it| name.starts_with(&format!("{it}::")));
        let declared = site;
        let params = values.iter().map(|it| self.param_kind(it)).collect();
        let shown: Vec<&str> = name.rsplit("::").take(2).collect();
        let id = self.file.extern_id(Extern {
            name: if own_crate {
                shown.into_iter().rev().collect::<Vec<_>>().join("::")
            } else {
                name.to_owned()
            },
            is_method,
            is_const: false,
            params,
            no_return: false,
            origin: if own_crate { Origin::Project } else { Origin::System },
            link: own_crate.then(|| Link {
                symbol: format!("rust:{name}"),
                template: String::new(),
                declared,
            }),
        });
        let args = values.into_iter().map(|it| it.id).collect();
        let value = self.emit_call(Callee::Extern(id), args, Ty::Unknown, site);
        Val { fallible: !own_crate, ..value }
    }
}
