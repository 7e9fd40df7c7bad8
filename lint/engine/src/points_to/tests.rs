//! Small classes, and what is known of their fields.

use super::*;
use crate::Program;
use crate::cuda::Model;
use crate::program::{
    Call, Callee, Extern, ExternId, ExternParam, FunctionBuilder, Origin, Record, Storage, Type, TypeKind,
    ValueId,
};

const THIS: Type = Type { kind: TypeKind::Record(RecordId(0)), size: None };

/// A program with the class `R { p, q, s }` and some functions without a body.
fn program() -> Program {
    let stream = Type { kind: TypeKind::Stream, size: Some(8) };
    let fields = [("p", Type::POINTER), ("q", Type::POINTER), ("s", stream), ("t", stream)];
    let record = Record {
        name: "R".into(),
        display: "R".into(),
        fields: fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect(),
        has_destructor: false,
        element_size: None,
        custom_memory: false,
        ends_with: None,
        private: vec!["p".into()],
        is_shared: false,
        unseen: Vec::new(),
        is_invented: false,
    };
    let entry = |name: &str, params: &[ExternParam]| Extern {
        name: name.into(),
        is_method: false,
        is_const: false,
        params: params.to_vec(),
        no_return: false,
        origin: Origin::System,
        link: None,
    };
    let out = ExternParam::ReadWrite;
    let externs = vec![
        entry("cudaMallocHost", &[out, ExternParam::Value]),
        entry("malloc", &[ExternParam::Value]),
        entry("cudaStreamCreate", &[out]),
        entry("somewhere", &[out]),
        entry("cudaHostRegister", &[ExternParam::Handle, ExternParam::Value, ExternParam::Value]),
    ];
    Program { records: vec![record], externs, ..Program::default() }
}

/// A method of the class.
struct Method {
    code: FunctionBuilder,
    this: ValueId,
    site: u32,
}

impl Method {
    fn new(first_site: u32) -> Self {
        let site = SiteId(first_site);
        let mut code = FunctionBuilder::new("R::method", format!("R::method{first_site}"), site);
        let this = code.local("this", THIS.pointer_to(), site, Storage::Param);
        let address = code.address_of(site, this);
        let this = code.load(site, address, THIS.pointer_to());
        Self { code, this, site: first_site }
    }

    fn field(&mut self, name: &str) -> ValueId {
        self.code.field(SiteId(self.site), self.this, name)
    }

    fn value_of(&mut self, field: &str) -> ValueId {
        let address = self.field(field);
        self.code.load(SiteId(self.site), address, Type::POINTER)
    }

    fn set(&mut self, field: &str, value: ValueId) {
        let address = self.field(field);
        self.code.store(SiteId(self.site), address, value, Type::POINTER);
    }

    fn call(&mut self, callee: u32, args: Vec<ValueId>) -> ValueId {
        self.site += 1;
        let result = self.code.value();
        let callee = Callee::Extern(ExternId(callee));
        let ty = Type::POINTER;
        let call = Call { result: Some(result), ty, ..Call::of(callee, args) };
        self.code.call(SiteId(self.site), call);
        result
    }

    /// `cudaMallocHost(&field, 64)`.
    fn pin(&mut self, field: &str) {
        let address = self.field(field);
        let bytes = self.code.int(SiteId(self.site), 64);
        self.call(0, vec![address, bytes]);
    }

    /// `malloc(64)`.
    fn malloc(&mut self) -> ValueId {
        let bytes = self.code.int(SiteId(self.site), 64);
        self.call(1, vec![bytes])
    }
}

fn analyse(methods: Vec<Method>) -> PointsTo {
    analyse_in(program(), methods)
}

fn analyse_in(mut program: Program, methods: Vec<Method>) -> PointsTo {
    program.functions = methods.into_iter().map(|method| method.code.finish(SiteId(999))).collect();
    PointsTo::new(&program, Model::builtin())
}

fn kind(facts: &PointsTo, field: &str) -> Option<MemoryKind> {
    facts.field(RecordId(0), field).and_then(|place| facts.memory(place)).map(|memory| memory.kind)
}

#[test]
fn what_all_stores_agree_on_is_known() {
    let mut method = Method::new(10);
    method.pin("p");
    let memory = method.malloc();
    method.set("q", memory);
    let mut other = Method::new(20);
    other.pin("p");
    let null = other.code.int(SiteId(20), 0);
    other.set("p", null);
    let facts = analyse(vec![method, other]);
    assert_eq!(kind(&facts, "p"), Some(MemoryKind::Pinned));
    assert_eq!(kind(&facts, "q"), Some(MemoryKind::Pageable));
    let held = facts.field(RecordId(0), "q").and_then(|place| facts.memory(place));
    assert_eq!(held.map(|held| (held.site, held.bytes)), Some((SiteId(12), Some(64))));
}

#[test]
fn stores_that_differ_and_parameters_tell_nothing() {
    let mut method = Method::new(10);
    method.pin("p");
    let memory = method.malloc();
    method.set("p", memory);
    let param = method.code.local("given", Type::POINTER, SiteId(10), Storage::Param);
    let address = method.code.address_of(SiteId(10), param);
    let given = method.code.load(SiteId(10), address, Type::POINTER);
    method.pin("q");
    method.set("q", given);
    let facts = analyse(vec![method]);
    assert_eq!((kind(&facts, "p"), kind(&facts, "q")), (None, None));
}

#[test]
fn a_field_holds_what_another_one_held() {
    let mut method = Method::new(10);
    let value = method.value_of("p");
    method.set("q", value);
    // The store that it depends on is seen later.
    let mut other = Method::new(20);
    other.pin("p");
    let facts = analyse(vec![method, other]);
    assert_eq!(kind(&facts, "q"), Some(MemoryKind::Pinned));
}

#[test]
fn what_an_unknown_function_is_handed_is_unknown_unless_it_is_private() {
    let mut method = Method::new(10);
    method.pin("p");
    method.pin("q");
    let this = method.this;
    method.call(3, vec![this]);
    let facts = analyse(vec![method]);
    assert_eq!((kind(&facts, "p"), kind(&facts, "q")), (Some(MemoryKind::Pinned), None));
    let mut method = Method::new(10);
    method.pin("p");
    let address = method.field("p");
    method.call(3, vec![address]);
    assert_eq!(kind(&analyse(vec![method]), "p"), None);
}

#[test]
fn a_method_out_of_sight_makes_the_fields_unknown() {
    let method = || {
        let mut method = Method::new(10);
        method.pin("p");
        vec![method]
    };
    let mut open = program();
    open.records[0].unseen = vec!["R::elsewhere".into()];
    assert_eq!(kind(&analyse_in(open, method()), "p"), None);
    let mut linked = program();
    linked.records[0].unseen = vec!["R::method10".into()];
    assert_eq!(kind(&analyse_in(linked, method()), "p"), Some(MemoryKind::Pinned));
}

#[test]
fn public_fields_of_a_class_in_a_header_are_filled_anywhere() {
    let mut method = Method::new(10);
    method.pin("p");
    method.pin("q");
    let mut shared = program();
    shared.records[0].is_shared = true;
    let facts = analyse_in(shared, vec![method]);
    assert_eq!((kind(&facts, "p"), kind(&facts, "q")), (Some(MemoryKind::Pinned), None));
}

#[test]
fn nothing_is_known_where_the_analysis_gave_up() {
    let facts = PointsTo::default();
    assert_eq!(kind(&facts, "p"), None);
    assert!(!facts.reads_cuda_memory(FunctionId(0)) && !facts.reads_device_memory(FunctionId(0)));
}

#[test]
fn registered_memory_is_of_no_one_kind() {
    let mut method = Method::new(10);
    let memory = method.malloc();
    method.set("p", memory);
    let mut other = Method::new(20);
    let memory = other.value_of("p");
    let bytes = other.code.int(SiteId(20), 64);
    other.call(4, vec![memory, bytes, bytes]);
    assert_eq!(kind(&analyse(vec![method, other]), "p"), None);
}

#[test]
fn streams_are_distinct_if_each_is_made_in_its_place() {
    let stream = |facts: &PointsTo, field: &str| {
        facts.field(RecordId(0), field).and_then(|place| facts.stream(place)).expect("a stream")
    };
    let mut method = Method::new(10);
    for field in ["s", "t"] {
        let address = method.field(field);
        method.call(2, vec![address]);
    }
    let facts = analyse(vec![method]);
    let (s, t) = (stream(&facts, "s"), stream(&facts, "t"));
    assert_eq!(s.non_blocking, Some(false));
    assert!(s.is_distinct_from(&t, false), "made at two places");
    assert!(!s.is_distinct_from(&s, false), "two objects may share one");

    let mut method = Method::new(10);
    let address = method.field("s");
    method.call(2, vec![address]);
    let value = method.value_of("s");
    method.set("t", value);
    let facts = analyse(vec![method]);
    let (s, t) = (stream(&facts, "s"), stream(&facts, "t"));
    assert!(!s.is_distinct_from(&t, true), "one was copied from the other");
}
