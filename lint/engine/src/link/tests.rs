//! What is linked with what, and what is left alone.

use super::*;
use crate::program::{
    Call, Callee, Extern, ExternId, ExternParam, Function, FunctionBuilder, Link, Linkage, Op, Origin,
    SiteId, Type,
};
use crate::{Options, Program};

const SITE: SiteId = SiteId(0);

/// A program with functions `name`, each of which calls the externs of the given symbols.
fn program(functions: &[(&str, &[&str])]) -> Program {
    let mut program = Program::default();
    for (name, calls) in functions {
        let mut code = FunctionBuilder::new(*name, *name, SITE);
        for callee in *calls {
            let id = ExternId(program.externs.len() as u32);
            program.externs.push(external(callee));
            call(&mut code, Callee::Extern(id));
        }
        program.functions.push(finish(code));
    }
    program
}

fn external(symbol: &str) -> Extern {
    let is_api = symbol.starts_with("cuda");
    Extern {
        name: symbol.to_owned(),
        is_method: false,
        is_const: false,
        params: vec![ExternParam::Handle; usize::from(is_api)],
        no_return: false,
        origin: if is_api { Origin::System } else { Origin::Project },
        link: (!is_api).then(|| Link { symbol: symbol.to_owned(), template: String::new(), declared: SITE }),
    }
}

fn call(code: &mut FunctionBuilder, callee: Callee) {
    let stream = code.int(SITE, 0);
    let ty = Type::VOID;
    code.call(SITE, Call { ty, discarded: true, ..Call::of(callee, vec![stream]) });
}

fn finish(mut code: FunctionBuilder) -> Function {
    code.function_mut().is_root = true;
    code.function_mut().linkage = Linkage::External;
    code.finish(SITE)
}

/// A linker of units in folders.
fn linker(units: &[(&[&str], &Program)]) -> Linker {
    let unit = |(number, (folders, program)): (usize, &(&[&str], &Program))| Unit {
        folders: folders.iter().map(|it| (*it).to_owned()).collect(),
        targets: Vec::new(),
        file: number as u32,
        // Every unit has declarations of its own: headers do not tie them.
        index: UnitIndex::of(program, crate::cuda::Model::builtin(), &|_| format!("{number}.h")),
    };
    Linker::new(units.iter().enumerate().map(unit).collect())
}

fn imports(plan: &Plan) -> Vec<(u32, u32)> {
    plan.imports.iter().map(|it| (plan.units[it.unit as usize], it.function)).collect()
}

const WAIT: &[&str] = &["cudaStreamSynchronize"];

#[test]
fn what_is_called_elsewhere_is_brought_with_what_it_calls() {
    let main = program(&[("main", &["middle"])]);
    let middle = program(&[("middle", &["bottom"]), ("other", WAIT)]);
    let bottom = program(&[("bottom", WAIT)]);
    let linker = linker(&[(&["a"], &main), (&["a"], &middle), (&["a"], &bottom)]);
    let plan = linker.plan(0);
    assert_eq!(imports(&plan), [(1, 0), (2, 0)]);
    assert!(!linker.is_beside_cuda(0));
    let units: Vec<&Program> =
        plan.units.iter().map(|unit| [&main, &middle, &bottom][*unit as usize]).collect();
    let linked = link(&units, 1, &plan);
    let called = |function: usize| {
        let statements = &linked.program.functions[function].blocks[0].statements;
        statements.iter().find_map(|it| match &it.op {
            Op::Call(call) => Some(call.callee),
            _ => None,
        })
    };
    assert_eq!(called(0), Some(Callee::Function(crate::program::FunctionId(1))));
    assert_eq!(called(1), Some(Callee::Function(crate::program::FunctionId(2))));
    assert_eq!(linked.program.imported, 2);
    assert_eq!(linked.program.functions.iter().filter(|it| it.is_root).count(), 1);
    assert_eq!(linked.sites, [(1, SITE), (2, SITE)]);
    let options = Options::new();
    assert!(crate::analyse(&linked.program, &options).diagnostics.is_empty());
}

#[test]
fn of_several_definitions_the_nearest_counts_if_it_is_one() {
    let main = program(&[("main", &["run"])]);
    let run = program(&[("run", WAIT)]);
    let plan = |folders: &[&[&str]]| {
        let mut units: Vec<(&[&str], &Program)> = vec![(&["x", "a"], &main)];
        units.extend(folders.iter().map(|folders| (*folders, &run)));
        imports(&linker(&units).plan(0))
    };
    assert_eq!(plan(&[&["x", "b"], &["x", "a"]]), [(2, 0)]);
    assert_eq!(plan(&[&["x", "b"], &["x", "c"]]), []);
    assert_eq!(plan(&[&["x", "b"]]), [(1, 0)]);
    // Far away, and nothing else ties them.
    assert_eq!(plan(&[&["y", "b", "c", "d"]]), []);
    // Another program.
    let other = program(&[("run", WAIT), ("main", WAIT)]);
    assert_eq!(imports(&linker(&[(&["a"], &main), (&["a"], &other)]).plan(0)), []);
}

#[test]
fn a_definition_that_has_read_the_same_header_counts_before_others() {
    let main = program(&[("main", &["run"])]);
    let run = program(&[("run", WAIT)]);
    let unit = |folder: &str, file, program, header: &'static str| Unit {
        folders: vec!["x".into(), folder.into()],
        targets: Vec::new(),
        file,
        index: UnitIndex::of(program, crate::cuda::Model::builtin(), &|_| header.to_owned()),
    };
    let units =
        vec![unit("a", 0, &main, "run.h"), unit("a", 1, &run, "other.h"), unit("far", 2, &run, "run.h")];
    assert_eq!(imports(&Linker::new(units).plan(0)), [(2, 0)]);
}

#[test]
fn build_targets_tell_programs_of_one_folder_apart() {
    let main = program(&[("main", &["run"])]);
    let run = program(&[("run", WAIT)]);
    let unit = |file, program, target: &str| Unit {
        folders: vec!["x".into()],
        targets: vec![target.to_owned()],
        file,
        index: UnitIndex::of(program, crate::cuda::Model::builtin(), &|_| String::new()),
    };
    let units = vec![unit(0, &main, "two"), unit(1, &run, "one"), unit(2, &run, "two")];
    assert_eq!(imports(&Linker::new(units).plan(0)), [(2, 0)]);
}

#[test]
fn recursion_between_files_ends_and_the_own_functions_are_not_brought() {
    let ping = program(&[("ping", &["pong", "cudaStreamSynchronize"])]);
    let pong = program(&[("pong", &["ping"])]);
    let plan = linker(&[(&["a"], &ping), (&["a"], &pong)]).plan(0);
    assert_eq!(imports(&plan), [(1, 0)]);
    assert_eq!(plan.bindings.len(), 2);
    let linked = link(&[&ping, &pong], 1, &plan);
    assert_eq!(linked.program.functions.len(), 2);
    let callee = linked.program.functions[1].blocks[0].statements.iter().find_map(|it| match &it.op {
        Op::Call(call) => Some(call.callee),
        _ => None,
    });
    assert_eq!(callee, Some(Callee::Function(crate::program::FunctionId(0))));
}

#[test]
fn a_chain_of_files_is_cut_at_the_depth_of_calls_and_the_caller_is_told() {
    let names: Vec<String> = (0..12).map(|it| format!("f{it}")).collect();
    let programs: Vec<Program> = (0..12)
        .map(|it| {
            let callee = names.get(it + 1).map_or("cudaStreamSynchronize", String::as_str);
            program(&[(&names[it], &[callee])])
        })
        .collect();
    let units: Vec<(&[&str], &Program)> = programs.iter().map(|it| (&["a"][..], it)).collect();
    let plan = linker(&units).plan(0);
    assert_eq!(plan.imports.len(), 5);
    assert_eq!(plan.cut, [0]);
}

#[test]
fn large_functions_that_only_compute_are_left() {
    let main = program(&[("main", &["compute", "cudaStreamSynchronize"])]);
    let mut code = FunctionBuilder::new("compute", "compute", SITE);
    for number in 0..500 {
        code.int(SITE, number);
    }
    let compute = Program { functions: vec![finish(code)], ..Program::default() };
    let plan = linker(&[(&["a"], &main), (&["a"], &compute)]).plan(0);
    assert_eq!((plan.imports, plan.cut), (vec![], vec![]));
}

#[test]
fn a_plan_that_fits_no_program_does_no_harm() {
    let main = program(&[("main", &["run"])]);
    let means = Import { unit: 7, function: 9 };
    let plan = Plan {
        units: vec![0, 1],
        imports: vec![means, Import { unit: 0, function: 0 }, Import { unit: 1, function: 3 }],
        bindings: vec![Binding { unit: 0, symbol: "run".to_owned(), means }],
        cut: Vec::new(),
        streams_block: false,
    };
    let linked = link(&[&main], 1, &plan);
    assert_eq!(linked.program.functions.len(), 1);
    assert!(link(&[], 0, &plan).program.functions.is_empty());
}
