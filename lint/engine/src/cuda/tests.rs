//! The built-in rows: every one parses, none stands twice, positions agree with the headers, and spot checks
//! of what they say.

use super::row::{Direction, Effect, FreeWith, InCallback, MemoryKind, Mode, Outcome, Role, Thing};
use super::*;

/// Positions of arguments, taken from the headers of CUDA 12.9 and 13.5.
const API_ARGS: &str = include_str!("../../tests/data/api-args.txt");

/// Functions that have no row on purpose.
const UNMODELLED: &str = include_str!("rows/unmodelled.txt");

fn row(name: &str, args: usize) -> &'static Row {
    Model::builtin().lookup(name, args).unwrap_or_else(|| panic!("no row for {name} with {args} arguments"))
}

fn roles(row: &Row) -> Vec<Role> {
    row.params.iter().map(|param| param.role).collect()
}

fn table(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}

#[test]
fn every_row_parses() {
    for (file, family, text) in FILES {
        if let Err(errors) = parse::parse(text, family) {
            let errors: Vec<String> = errors.iter().map(|error| format!("{file}: {error}")).collect();
            panic!("{}", errors.join("\n"));
        }
    }
    assert!(Model::builtin().rows().len() > 3_000);
}

#[test]
fn no_call_has_two_rows() {
    let model = Model::builtin();
    for (name, indices) in &model.by_name {
        for args in 0..32 {
            let matching = indices.iter().filter(|&&i| model.rows[i as usize].accepts(args)).count();
            assert!(matching <= 1, "{name} has {matching} rows for {args} arguments");
        }
    }
}

#[test]
fn rows_agree_with_the_headers() {
    let model = Model::builtin();
    let unmodelled: Vec<&str> = table(UNMODELLED).filter_map(|line| line.split_whitespace().next()).collect();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for line in table(API_ARGS) {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let arity: usize = words.next().unwrap().parse().unwrap();
        let Some(row) = model.lookup(name, arity) else {
            if !unmodelled.contains(&name) {
                wrong.push(format!("{name} with {arity} arguments has no row"));
            }
            continue;
        };
        assert!(!unmodelled.contains(&name), "{name} has a row and is listed as unmodelled");
        seen += 1;
        let moves = row.effects.iter().any(|e| matches!(e, Effect::Copy { .. } | Effect::Fill { .. }));
        let calls_back = row.effects.contains(&Effect::EnqueuesHostFunction);
        for word in words {
            let (what, index) = word.split_once('=').unwrap();
            let index: usize = index.parse().unwrap();
            // `demanded`: the row must have the role; otherwise it must only not have it elsewhere.
            let (role, demanded) = match what {
                "stream" => (Role::Stream, true),
                "event" => (Role::Event, true),
                "stream_out" => (Role::Out(Thing::Stream), true),
                "event_out" => (Role::Out(Thing::Event), !name.contains("NodeGetEvent")),
                "dst" => (Role::Dst, moves),
                "src" => (Role::Src, moves),
                "symbol" => (Role::Symbol, moves),
                "kind" => (Role::Kind, moves),
                "bytes" => (Role::Bytes, moves),
                "callback" => (Role::Function, calls_back),
                "userData" => (Role::UserData, calls_back),
                other => panic!("unknown word {other} in the table"),
            };
            // Whose event it is, the header does not say.
            let plain = |role| match role {
                Role::Out(Thing::ForeignEvent) => Role::Out(Thing::Event),
                role => role,
            };
            let found = row.params.get(index).map(|param| plain(param.role));
            let elsewhere = row.params.iter().any(|param| param.role == role);
            if found != Some(role) && (demanded || elsewhere) {
                wrong.push(format!("{name}/{arity}: argument {index} is {found:?}, the header says {what}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 400, "only {seen} functions were compared");
}

#[test]
fn api_rows_name_known_functions() {
    for row in Model::builtin().rows() {
        let api = matches!(row.family, Family::Runtime | Family::Driver);
        let hip = row.name.starts_with("hip");
        assert!(!api || hip || is_known_api_name(&row.name), "no header declares {}", row.name);
    }
}

#[test]
fn what_is_called_a_module_or_library_is_one() {
    // Options of a library are none.
    let excepted = ["_libraryOptions", "_libraryOptionValues", "_numLibraryOptions"];
    for (file, family, text) in FILES {
        if !matches!(family, Family::Runtime | Family::Driver) {
            continue;
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((_, rest)) = line.split_once('(') else { continue };
            let params = rest.split(')').next().unwrap_or_default().split_whitespace();
            for param in params.filter(|param| param.starts_with('_')) {
                let name = param.trim_end_matches('?');
                let lower = name.to_lowercase();
                let says = lower.contains("module")
                    || lower.contains("library")
                    || matches!(lower.as_str(), "_lib" | "_hlib" | "_mod" | "_hmod");
                assert!(!says || excepted.contains(&name), "{file}: `{name}` has no role in {line}");
            }
        }
    }
    for (name, args) in [("cuLibraryEnumerateKernels", 3), ("cudaLibraryGetManaged", 4)] {
        assert!(row(name, args).position(Role::Module).is_some(), "{name}");
    }
}

#[test]
fn streams_come_where_calls_put_them() {
    let copy = row("cudaMemcpyAsync", 5);
    assert_eq!(roles(copy), [Role::Dst, Role::Src, Role::Bytes, Role::Kind, Role::Stream]);
    assert_eq!(copy.effects, [Effect::Copy { direction: None, mode: Mode::Async }]);
    assert_eq!(copy.result, Outcome::Status);
    assert!(std::ptr::eq(copy, row("cudaMemcpyAsync", 4)), "the stream may be left out");
    assert!(std::ptr::eq(copy, row("cudaMemcpyAsync_ptsz", 5)));
    let upload = row("cuMemcpyHtoDAsync_v2", 4);
    assert_eq!(
        upload.effects,
        [Effect::Copy { direction: Some(Direction::HostToDevice), mode: Mode::Async }]
    );
    assert_eq!(upload.position(Role::Stream), Some(3));
    assert_eq!(row("cuLaunchKernel", 11).position(Role::Stream), Some(8));
    assert_eq!(row("cudaLaunchKernel", 4).effects, [Effect::LaunchesKernel]);
    assert_eq!(row("cuMemsetD32Async", 4).effects, [Effect::Fill { unit: 4, mode: Mode::Async }]);
}

#[test]
fn library_work_has_a_stream() {
    for name in
        ["cublasSetStream_v2", "cufftSetStream", "curandSetStream", "cusolverDnSetStream", "cudnnSetStream"]
    {
        assert!(row(name, 2).effects.contains(&Effect::SetsStream), "{name}");
        assert_eq!(roles(row(name, 2)), [Role::Handle, Role::Stream], "{name}");
    }
    assert_eq!(roles(row("cublasCreate_v2", 1)), [Role::Out(Thing::Handle)]);
    assert_eq!(row("cublasSdot_v2", 7).effects, [Effect::EnqueuesUnknownWork, Effect::HostWaitsForResult]);
    assert_eq!(row("cufftExecC2C", 4).position(Role::Handle), Some(0));
    // The number of arguments tells where the stream stands.
    assert_eq!(row("cub::DeviceScan::ExclusiveSum", 6).position(Role::Stream), Some(5));
    assert_eq!(row("cub::DeviceScan::ExclusiveSum", 5).position(Role::Stream), None);
    assert_eq!(row("cub::DeviceReduce::Sum", 5).position(Role::Workspace), Some(0));
    // An object of a project that holds a stream is told of in the same words.
    let mut model = Model::default();
    let rows = "Queue::Queue(handle stream) : sets stream\nQueue::run(handle src dst) : enqueues work\n\
                Queue::wait(handle) : host-waits stream\nQueue::get(handle out:handle-stream) : create";
    model.add(rows, Family::Library).unwrap();
    assert_eq!(model.lookup("Queue::wait", 1).unwrap().position(Role::Handle), Some(0));
}

#[test]
fn overloads_are_told_apart_by_their_arguments() {
    assert_eq!(row("cudaMemPrefetchAsync", 4).position(Role::Stream), Some(3));
    assert_eq!(row("cudaMemPrefetchAsync", 5).position(Role::Stream), Some(4));
    assert_eq!(row("cudaMemPrefetchAsync_v2", 5).position(Role::Stream), Some(4));
    assert_eq!(row("cudaMallocAsync", 3).position(Role::Stream), Some(2));
    assert_eq!(row("cudaMallocAsync", 4).position(Role::Stream), Some(3));
    assert!(Model::builtin().lookup("cudaMemcpy", 2).is_none());
    assert!(Model::builtin().lookup("cudaMemcpy", 7).is_none());
    assert!(Model::builtin().knows("cudaMemcpy"));
    assert!(!Model::builtin().knows("cudaLaunchKernelAsync"));
}

#[test]
fn waits_are_only_where_they_are_promised() {
    assert_eq!(row("cudaStreamSynchronize", 1).effects, [Effect::HostWaitsForStream]);
    assert_eq!(row("cudaDeviceSynchronize", 0).effects, [Effect::HostWaitsForDevice]);
    assert_eq!(row("cudaStreamDestroy", 1).effects, [Effect::DestroyStream]);
    assert_eq!(row("cudaGetLastError", 0).effects, [Effect::NoWait]);
    assert_eq!(row("cudaMalloc", 2).effects, [Effect::Create]);
    assert_eq!(row("cudaMallocHost", 2).effects, [Effect::Create]);
    assert_eq!(row("cudaHostRegister", 3).effects, [Effect::Register]);
    assert_eq!(row("cudaFree", 1).effects, [Effect::Free(FreeWith::CudaFree), Effect::MayWait]);
    assert_eq!(row("cudaFreeHost", 1).effects, [Effect::Free(FreeWith::CudaFreeHost), Effect::MayWait]);
    assert_eq!(row("cudaHostUnregister", 1).effects, [Effect::Unregister, Effect::MayWait]);
    assert_eq!(row("cudaFreeAsync", 2).effects, [Effect::Free(FreeWith::CudaFreeAsync)]);
    assert_eq!(row("cudaStreamWaitEvent", 2).effects, [Effect::StreamWaitsForEvent]);
    assert_eq!(row("cudaEventQuery", 1).result, Outcome::QueryStatus);
    assert_eq!(row("cudaMemPrefetchAsync", 4).effects, [Effect::None]);
    let documented = [
        "cudaStreamSynchronize",
        "cudaEventSynchronize",
        "cudaDeviceSynchronize",
        "cudaThreadSynchronize",
        "cudaExecutionCtxSynchronize",
        "cuStreamSynchronize",
        "cuEventSynchronize",
        "cuCtxSynchronize",
        // HIP documents an "implicit hipDeviceSynchronize()".
        "hipFree",
        "hipHostFree",
        "hipFreeHost",
        "hipMemcpyWithStream",
    ];
    for row in Model::builtin().rows() {
        let waits = row.effects.iter().any(|effect| {
            use Effect::{HostWaitsForDevice, HostWaitsForEvent, HostWaitsForStream};
            matches!(effect, HostWaitsForDevice | HostWaitsForEvent | HostWaitsForStream)
        });
        // Frameworks promise what the functions that they call promise; each row names its header.
        let of_framework = row.name.contains("::");
        assert_eq!(waits, documented.contains(&row.name.as_str()) || (waits && of_framework), "{}", row.name);
        assert!(!of_framework || !waits || !row.source.is_empty(), "{} has no source", row.name);
    }
}

#[test]
fn callbacks_forbid_what_was_measured_or_documented() {
    assert_eq!(row("cudaMemcpyAsync", 5).in_callback, InCallback::Forbidden);
    assert_eq!(row("cudaStreamSynchronize", 1).in_callback, InCallback::Forbidden);
    for name in ["cudaEventQuery", "cudaEventSynchronize"] {
        assert_eq!(row(name, 1).in_callback, InCallback::ForbiddenUnobserved, "{name}");
    }
    assert_eq!(row("cudaGetLastError", 0).in_callback, InCallback::ForbiddenUnobserved);
    assert_eq!(row("cudaGetErrorString", 1).in_callback, InCallback::Harmless);
    assert_eq!(row("make_cudaExtent", 3).in_callback, InCallback::Harmless);
    assert_eq!(row("cublasSgemm_v2", 14).in_callback, InCallback::Forbidden);
    assert_eq!(row("thrust::sort", 2).in_callback, InCallback::Forbidden);
    assert_eq!(row("MPI_Isend", 7).in_callback, InCallback::Fine);
    for row in Model::builtin().rows().iter().filter(|row| row.family == Family::Std) {
        // What waits there keeps the stream waiting, and is no call of CUDA.
        assert!(matches!(row.in_callback, InCallback::Fine | InCallback::Waits), "{}", row.name);
    }
    assert_eq!(row("std::condition_variable::wait", 2).in_callback, InCallback::Waits);
    assert_eq!(row("std::mutex::lock", 1).in_callback, InCallback::Fine);
}

#[test]
fn memory_kinds_of_allocations() {
    let hands_out = |name, args| match row(name, args).params[0].role {
        Role::Out(Thing::Memory(kind)) => kind,
        other => panic!("{name} hands out {other:?}"),
    };
    assert_eq!(hands_out("cudaMalloc", 2), MemoryKind::Device);
    assert_eq!(hands_out("cudaHostAlloc", 3), MemoryKind::Pinned);
    assert_eq!(hands_out("cudaMallocManaged", 2), MemoryKind::Managed);
    assert_eq!(hands_out("cudaMallocAsync", 3), MemoryKind::DeviceStreamOrdered);
    assert_eq!(hands_out("cudaMallocArray", 4), MemoryKind::Array);
    assert_eq!(hands_out("cuMemAllocHost_v2", 2), MemoryKind::Pinned);
    assert_eq!(hands_out("posix_memalign", 3), MemoryKind::Pageable);
    assert_eq!(row("cudaHostGetDevicePointer", 3).params[0].role, Role::Out(Thing::Alias));
    assert_eq!(row("cudaGetSymbolAddress", 2).params[0].role, Role::Out(Thing::SymbolAddress));
    assert_eq!(row("malloc", 1).result, Outcome::Memory(MemoryKind::Pageable));
    assert_eq!(row("calloc", 2).params[1].role, Role::Bytes);
}

#[test]
fn standard_library_names_are_understood() {
    assert_eq!(row("std::memcpy", 3).name, "memcpy");
    assert_eq!(row("__builtin_memcpy", 3).name, "memcpy");
    assert_eq!(row("::memcpy", 3).name, "memcpy");
    assert_eq!(row("std::__cxx11::basic_string::c_str", 1).result, Outcome::Elements);
    assert_eq!(row("std::string::string", 2).name, "std::basic_string::basic_string");
    assert_eq!(row("std::string::~string", 1).name, "std::basic_string::~basic_string");
    assert_eq!(row("std::ostream::write", 3).name, "std::basic_ostream::write");
    assert_eq!(row("std::move", 1).result, Outcome::Arg(0));
    assert_eq!(row("std::move", 3).params[2].role, Role::WriteFirst);
    assert_eq!(row("std::remove", 1).name, "remove");
    assert_eq!(row("std::vector::data", 1).result, Outcome::Elements);
    assert_eq!(row("std::vector::resize", 2).effects, [Effect::Reallocates(MemoryKind::Pageable)]);
    assert_eq!(row("std::vector::~vector", 1).effects, [Effect::ReleasesElements]);
    assert_eq!(row("std::vector::vector", 2).effects[0], Effect::TakesElements);
    assert_eq!(row("std::unique_ptr::operator bool", 1).result, Outcome::Held);
    assert_eq!(row("std::atomic::load", 2).effects, [Effect::WaitsForHost]);
    assert_eq!(row("std::__atomic_base::load", 1).effects, [Effect::WaitsForHost]);
    assert_eq!(row("std::atomic::operator--", 1).result, Outcome::CountedAfter);
    assert_eq!(row("std::atomic::operator--", 2).result, Outcome::Counted);
    assert_eq!(row("exit", 1).effects, [Effect::NoReturn]);
    assert_eq!(row("thrust::THRUST_200802_SM_900_NS::sort", 2).name, "thrust::sort");
}

#[test]
fn hip_functions_have_the_rows_of_cuda() {
    assert_eq!(hip_name("hipMemcpyAsync").as_deref(), Some("cudaMemcpyAsync"));
    assert_eq!(hip_name("hipHostMalloc").as_deref(), Some("cudaMallocHost"));
    assert_eq!(hip_name("hipHostFree").as_deref(), Some("cudaFreeHost"));
    assert_eq!(hip_name("hipModuleLaunchKernel").as_deref(), Some("cuLaunchKernel"));
    assert_eq!(hip_name("hipMemcpyHtoDAsync").as_deref(), Some("cuMemcpyHtoDAsync"));
    assert_eq!(hip_name("hipModuleGetFunction").as_deref(), Some("cuModuleGetFunction"));
    assert_eq!(hip_name("hipblasSgemm").as_deref(), Some("cublasSgemm"));
    assert_eq!(hip_name("hippo"), None);
    assert_eq!(hip_name("cudaMemcpy"), None);
    assert_eq!(row("hipHostMalloc", 3).params[0].role, Role::Out(Thing::Memory(MemoryKind::Pinned)));
    assert_eq!(row("hipMemcpyDtoHAsync", 4).position(Role::Stream), Some(3));
    assert_eq!(row("hipStreamSynchronize", 1).effects, [Effect::HostWaitsForStream]);
    assert_eq!(row("hipLaunchKernelGGL", 7).position(Role::Stream), Some(4));
    for line in table(include_str!("names/hip.txt")) {
        let (hip, cuda) = line.split_once(' ').unwrap();
        assert!(is_known_api_name(cuda) || removed(cuda).is_some(), "{hip} maps to unknown {cuda}");
    }
}

#[test]
fn public_names_are_known() {
    for name in [
        "cudaMemcpyAsync",
        "cudaMemcpyAsync_ptsz",
        "cuMemAlloc_v2",
        "cuMemAlloc",
        "cudaBindTexture",
        "cudaOccupancyMaxPotentialBlockSize",
        "cudaProfilerStart",
        "cudaGraphicsGLRegisterBuffer",
        "cublasSgemm",
        "cublasSgemm_v2",
        "ncclAllReduce",
        "cuFileRead",
        "cuCadd",
        "hipMemcpy",
        "hipHostMalloc",
    ] {
        assert!(is_known_api_name(name), "{name}");
    }
    for name in
        ["cudaLaunchKernelAsync", "cudaMemcopy", "cudaCheckError", "cuda", "hipFooBar", "cudaStream_t"]
    {
        assert!(!is_known_api_name(name), "{name}");
    }
}

#[test]
fn suggestions_are_what_was_meant() {
    let invented = suggest("cudaLaunchKernelAsync");
    assert!(invented.contains(&"cudaLaunchHostFunc"), "{invented:?}");
    assert!(invented.contains(&"cudaLaunchKernel"), "{invented:?}");
    assert_eq!(suggest("cudaMemcopyAsync")[0], "cudaMemcpyAsync");
    assert_eq!(suggest("cudaMemcpyAysnc")[0], "cudaMemcpyAsync");
    assert_eq!(suggest("cudaStreamSyncronize")[0], "cudaStreamSynchronize");
    assert_eq!(suggest("cudaSynchronizeDevice")[0], "cudaDeviceSynchronize");
    assert_eq!(suggest("cudaEventSync")[0], "cudaEventSynchronize");
    assert_eq!(suggest("cudaFreeHostMemory")[0], "cudaFreeHost");
    assert!(suggest("cublasSgem").contains(&"cublasSgemm"));
    assert_eq!(suggest("ncclAllreduce"), ["ncclAllReduce"]);
    assert_eq!(suggest("cudaDeviceSync")[0], "cudaDeviceSynchronize");
    assert!(suggest("cudaQwertyUiop").is_empty(), "{:?}", suggest("cudaQwertyUiop"));
    assert!(suggest("").is_empty());
    assert!(suggest("ünïcödeÄffe").is_empty());
}

#[test]
fn removed_functions_name_their_successor() {
    let sync = removed("cudaThreadSynchronize").unwrap();
    assert_eq!((sync.in_version, sync.replacement), ("13", Some("cudaDeviceSynchronize")));
    assert_eq!(removed("cudaBindTexture").unwrap().in_version, "12");
    assert_eq!(removed("cudaSetDoubleForHost").unwrap().replacement, None);
    assert_eq!(removed("cudaMemcpy"), None);
    for line in table(include_str!("names/removed.txt")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert!(is_known_api_name(words[0]), "{} was never there", words[0]);
        assert!(words.get(2).is_none_or(|name| is_known_api_name(name)), "{line}");
    }
}

#[test]
fn added_rows_win() {
    let mut model = Model::default();
    model.add("my::wait(stream) : host-waits stream", Family::Std).unwrap();
    model.add("my::wait(_ stream) : none\nmy::wait(event) : host-waits event", Family::Std).unwrap();
    assert_eq!(model.lookup("my::wait", 1).unwrap().effects, [Effect::HostWaitsForEvent]);
    assert_eq!(model.lookup("my::wait", 2).unwrap().effects, [Effect::None]);
    assert!(model.add("my::wait(strem)", Family::Std).is_err());
}

#[test]
fn a_row_replaces_a_body_if_it_says_so_or_is_the_projects() {
    let mut model = Model::above_builtin();
    model.add("my::stream(handle) -> stream : none", Family::Project).unwrap();
    model.add("other::stream(handle) -> stream : none", Family::Library).unwrap();
    model.add("virtual::stream(handle) -> stream : none, replaces body", Family::Library).unwrap();
    assert!(model.replacing_body("my::stream", 1).is_some());
    assert!(model.replacing_body("other::stream", 1).is_none());
    assert_eq!(model.replacing_body("virtual::stream", 1).unwrap().effects, [Effect::None]);
    assert!(model.replacing_body("raft::resource::get_cuda_stream", 1).is_some(), "the model below");
    assert!(model.replacing_body("cudaMemcpy", 4).is_none());
}

#[test]
fn advice_for_hip_names_what_hip_has() {
    let spelt = |text| super::spelt_for_hip(text);
    assert_eq!(spelt("call `cudaStreamSynchronize(s)`"), "call `hipStreamSynchronize(s)`");
    assert_eq!(spelt("memory of `cudaMallocHost`"), "memory of `hipHostMalloc`");
    assert_eq!(spelt("`cudaMemcpyDeviceToHost`, as cudaMemcpy"), "`hipMemcpyDeviceToHost`, as cudaMemcpy");
    assert_eq!(spelt("`cudaStatus` and `hipFree`"), "`cudaStatus` and `hipFree`");
}

#[test]
fn hip_documents_that_copies_of_pageable_memory_wait() {
    let mode = |name, args| match row(name, args).effects[..] {
        [Effect::Copy { mode, .. }] => mode,
        _ => panic!("{name} is no copy"),
    };
    assert_eq!(mode("hipMemcpyAsync", 5), Mode::PinnedAsync);
    assert_eq!(mode("hipMemcpy2DAsync", 8), Mode::Async);
    assert_eq!(mode("cudaMemcpyAsync", 5), Mode::Async);
}
