//! What is moved is not dropped, what is not moved is, and nothing that is valid Rust is an error.

mod reported;

use cuda_lint_engine::{Options, Severity, analyse};
use cuda_lint_rust::{FileContext, lower_source};
use reported::{analysed, rules};

/// The rules that are reported by default for the body of a function that has a context and a stream.
fn rules_in(items: &str, body: &str) -> Vec<&'static str> {
    let text = format!(
        "use cudarc::driver::*; use std::sync::Arc;\n{items}\n\
         fn main() -> Result<(), DriverError> {{\n let ctx = CudaContext::new(0)?; let stream = ctx.new_stream()?;\n\
         {body}\n stream.synchronize()?; Ok(())\n}}"
    );
    let found = analysed(&text, &FileContext::default());
    assert!(found.partial.is_empty(), "{:?}", found.partial);
    rules(found)
}

const MAKE: &str = "fn make(s: &Arc<CudaStream>) -> Result<CudaSlice<f32>, DriverError> {
    let mut d = s.alloc_zeros::<f32>(10)?; s.memset_zeros(&mut d)?; Ok(d) }
    fn consume(_d: CudaSlice<f32>) {}
    struct Model { weights: CudaSlice<f32>, stream: Arc<CudaStream> }
    impl Model {
        fn new(stream: &Arc<CudaStream>) -> Result<Self, DriverError> {
            let weights = stream.alloc_zeros::<f32>(9)?; Ok(Self { weights, stream: stream.clone() }) }
        fn step(&mut self, x: &CudaSlice<f32>) -> Result<(), DriverError> {
            self.stream.memcpy_dtod(x, &mut self.weights) }
        fn take(self) -> CudaSlice<f32> { self.weights }
    }";

#[test]
fn ownership_that_goes_round_is_followed() {
    for body in [
        "let d = make(&stream)?; println!(\"{:?}\", stream.clone_dtoh(&d)?);",
        "let d = make(&stream)?; consume(d);",
        "let d = make(&stream)?; let e = d; drop(e);",
        "let d = make(&stream)?; let mut m = Model::new(&stream)?; m.step(&d)?; let w = m.take(); drop(w);",
        "let d = make(&stream)?; let o = if stream.capture_status().is_ok() { Some(d) } else { None };
         if let Some(x) = o { println!(\"{:?}\", stream.clone_dtoh(&x)?); }",
        "let mut all = Vec::new(); for _ in 0..4 { all.push(make(&stream)?); }",
        "let t = (make(&stream)?, 3); let (a, _) = t; drop(a);",
        "let mut d = make(&stream)?; d = make(&stream)?; consume(d); d = make(&stream)?; stream.memset_zeros(&mut d)?;",
        "let mut a = make(&stream)?; let mut b = make(&stream)?; std::mem::swap(&mut a, &mut b); drop(a);
         stream.memset_zeros(&mut b)?;",
        "let b = Box::new(make(&stream)?); consume(*b);",
        "let f = |x: &CudaSlice<f32>| stream.clone_dtoh(x); let d = make(&stream)?; println!(\"{:?}\", f(&d)?);",
        "let d = make(&stream)?; let v = loop { if let Ok(v) = stream.clone_dtoh(&d) { break v; } }; println!(\"{v:?}\");",
        "let d = make(&stream)?; let s = stream.clone(); std::thread::spawn(move || { s.clone_dtoh(&d).unwrap(); });",
        "let d = make(&stream)?; match stream.clone_dtoh(&d) { Ok(v) => println!(\"{v:?}\"), Err(e) => panic!(\"{e}\") }",
        "for i in 0..3 { let e = stream.record_event(None)?; if i > 1 { continue; } e.synchronize()?; }",
    ] {
        assert_eq!(rules_in(MAKE, body), [""; 0], "{body}");
    }
}

#[test]
fn memory_that_is_dropped_too_early_is_found() {
    let late =
        "let mut host = unsafe { ctx.alloc_pinned::<f32>(10) }?; let d = stream.alloc_zeros::<f32>(10)?;";
    for (body, expected) in [
        ("stream.memcpy_dtoh(&d, host.as_mut_slice()?)?; drop(host);", "cudarc-pinned-as-slice"),
        (
            "stream.memcpy_dtoh(&d, host.as_mut_slice()?)?; let other = host; drop(other);",
            "cudarc-pinned-as-slice",
        ),
        ("{ let mut host = host; stream.memcpy_dtoh(&d, host.as_mut_slice()?)?; }", "cudarc-pinned-as-slice"),
        (
            "let h = &mut host; stream.memcpy_dtoh(&d, h.as_mut_slice()?)?; println!(\"{}\", h.as_slice()?[1]);",
            "cudarc-pinned-as-slice",
        ),
        (
            "stream.memcpy_dtoh(&d, host.as_mut_slice()?)?; let sum: f32 = host.as_slice()?.iter().sum();",
            "cudarc-pinned-as-slice",
        ),
        (
            "stream.memcpy_dtoh(&d, host.as_mut_slice()?)?; for x in host.as_slice()? { println!(\"{x}\"); }",
            "cudarc-pinned-as-slice",
        ),
    ] {
        assert_eq!(rules_in("", &format!("{late} {body}")), [expected], "{body}");
    }
}

#[test]
fn other_halves_are_other_memory() {
    let body =
        "let d = stream.alloc_zeros::<f32>(512)?; let mut host = unsafe { ctx.alloc_pinned::<f32>(1024) }?;
        stream.memcpy_dtoh(&d, &mut host.as_mut_slice()?[0..512])?; println!(\"{}\", host.as_slice()?[600]);
        stream.synchronize()?;";
    assert_eq!(rules_in("", body), [""; 0]);
}

#[test]
fn odd_programs_are_lowered() {
    let deep = format!("fn f() -> u32 {{ {}1{} }}", "(".repeat(100), ")".repeat(100));
    let long: String = (0..10_000).map(|it| format!("fn f{it}(x: u32) -> u32 {{ x + {it} }}\n")).collect();
    for text in [
        "",
        "macro_rules! m { ($x:expr) => { $x } } fn f() { m!(cudaMalloc(&mut p, 4)); }",
        "const A: usize = A; fn f() -> usize { A }",
        "struct S { next: Option<Box<S>> } fn f(s: S) { drop(s.next); }",
        "async fn f(s: &CudaStream) { g().await; let x = async { 3 }; x.await; }",
        "fn f() { 'a: loop { loop { break 'a; } } let x = 'b: { break 'b 3; }; let _ = x; }",
        "fn f(x: Option<u32>) -> u32 { let Some(y) = x else { return 0 }; match y { 1 | 2 => 3, n if n > 4 => n, _ => 5 } }",
        "trait T { fn g(&self) { self.h(); } fn h(&self); } impl<X> T for X { fn h(&self) { self.g() } }",
        "fn f() { let (mut a, mut b) = (1, 2); (a, b) = (b, a); let [c, ..] = [a, b]; let _ = c; }",
        "fn f(v: &mut [f32]) { for (i, x) in v.iter_mut().enumerate().rev() { *x = i as f32; } v[1..].fill(0.0); }",
        &deep,
        &long,
    ] {
        let lowered = lower_source(text, &FileContext::default()).unwrap();
        analyse(&lowered.program, &Options::new());
    }
    assert!(lower_source("fn f( {", &FileContext::default()).is_err());
}

#[test]
fn a_streams_context_is_no_error_with_context() {
    let items = "fn read(stream: &Arc<CudaStream>, device: &CudaSlice<f32>) -> Result<f32, DriverError> {
        let mut host = unsafe { stream.context().alloc_pinned::<f32>(1)? };
        stream.memcpy_dtoh(device, host.as_mut_slice()?)?; Ok(host.as_slice()?[0]) }";
    assert_eq!(rules_in(items, ""), ["cudarc-pinned-as-slice"]);
}

#[test]
fn what_a_lock_guards_and_types_that_an_implementation_chooses_are_nobody_s_to_drop() {
    let items = "use std::sync::{Mutex, MutexGuard};
        struct Cache { workspace: Arc<Mutex<CudaSlice<u8>>> }
        impl Cache {
            fn new(s: &Arc<CudaStream>) -> Result<Self, DriverError> {
                Ok(Self { workspace: Arc::new(Mutex::new(s.alloc_zeros::<u8>(1)?)) }) }
            fn get(&self) -> Result<MutexGuard<CudaSlice<u8>>, DriverError> {
                let workspace = self.workspace.as_ref().lock().unwrap();
                if workspace.num_bytes() < 3 { println!(\"small\"); }
                Ok(workspace) }
        }
        trait Storage { type Vec; }
        struct Tensor<D: Storage> { data: Arc<D::Vec> }
        fn copy<D: Storage>(t: &Tensor<D>, s: &Arc<CudaStream>, to: &mut CudaSlice<f32>) -> Result<(), DriverError> {
            s.memcpy_dtod(t.data.as_ref(), to) }";
    let body = "let cache = Cache::new(&stream)?;
        { let mut one = cache.get()?; stream.memset_zeros(&mut *one)?; }
        let mut other = cache.get()?; stream.memset_zeros(&mut *other)?;
        println!(\"{:?}\", stream.clone_dtoh(&*other)?);";
    assert_eq!(rules_in(items, body), [""; 0]);
}

#[test]
fn what_holds_elements_is_handed_on_by_the_address_of_the_first() {
    let items = "struct Device { stream: Arc<CudaStream> }
        impl Device {
            fn copy<T, S: DevicePtr<T>, D: DevicePtrMut<T>>(&self, src: &S, dst: &mut D) -> Result<(), DriverError> {
                self.stream.memcpy_dtod(src, dst) }
            fn fill(&self, src: &impl HostSlice<f32>, dst: &mut impl DevicePtrMut<f32>) -> Result<(), DriverError> {
                self.stream.memcpy_htod(src, dst) }
            fn raw<D: DevicePtrMut<f32>>(&self, dst: &mut D) -> Result<(), DriverError> {
                let (at, _guard) = dst.device_ptr_mut(&self.stream);
                unsafe { cudarc::driver::result::memset_d8_async(at, 0, dst.len(), self.stream.cu_stream()) } }
        }";
    let made = "let device = Device { stream: stream.clone() }; let host = vec![0.0f32; 8];
        let a = stream.alloc_zeros::<f32>(8)?; let mut b = stream.alloc_zeros::<f32>(8)?;";
    let parts = "{ let (from, mut to) = (a.slice(0..4), b.slice_mut(0..4)); device.copy(&from, &mut to)?; }
        device.fill(&host, &mut b)?; device.raw(&mut b)?;";
    assert_eq!(rules_in(items, &format!("{made} {parts}")), [""; 0]);
    let untracked = "let other = ctx.new_stream()?; unsafe { ctx.disable_event_tracking(); }
        device.copy(&a, &mut b)?; other.memset_zeros(&mut b)?; other.synchronize()?;";
    assert_eq!(rules_in(items, &format!("{made} {untracked}")), ["cudarc-untracked-streams"]);
}

#[test]
fn memory_with_several_owners_is_dropped_by_the_last() {
    let body = "let mut a = Arc::new(make(&stream)?); let b = a.clone(); drop(a);
        println!(\"{:?}\", stream.clone_dtoh(&*b)?);";
    assert_eq!(rules_in(MAKE, body), [""; 0]);
}

/// dfdx, with cudarc 0.13: `device_ptr` is a reference to the address.
#[test]
fn the_address_of_any_memory_is_no_access() {
    let text = "use cudarc::driver::*; use std::sync::Arc; struct Blas;
        impl Blas { unsafe fn gemm<A: DevicePtr<f32>, C: DevicePtrMut<f32>>(&self, a: &A, c: &mut C) {
            elsewhere::gemm(*a.device_ptr() as *const f32, *c.device_ptr_mut() as *mut f32); } }
        fn run(device: &Arc<CudaDevice>, blas: &Blas) {
            let a = device.alloc_zeros::<f32>(8).unwrap(); let mut c = device.alloc_zeros::<f32>(8).unwrap();
            unsafe { blas.gemm(&a, &mut c) } }";
    let mut context = FileContext::default();
    context.versions.cudarc = (0, 13, 9);
    let lowered = lower_source(text, &context).unwrap();
    let found = analyse(&lowered.program, &Options::new());
    assert!(found.diagnostics.iter().all(|it| it.severity < Severity::Error), "{:?}", found.diagnostics);
}
