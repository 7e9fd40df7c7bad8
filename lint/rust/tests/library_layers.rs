//! cudarc's layers over cuBLAS, cuRAND, cuFFT, cuDNN and NCCL: their work goes to the stream of the handle, and what
//! they get is recorded like the arguments of a launch.

mod reported;

use cuda_lint_rust::{FileContext, Versions};
use reported::{analysed, rules};

/// What is reported by default.
fn found_with(text: &str, versions: Versions) -> Vec<String> {
    let context = FileContext { module: vec!["krate".to_owned()], versions, ..FileContext::default() };
    let found = analysed(text, &context);
    rules(found).into_iter().map(str::to_owned).collect()
}

fn found(text: &str) -> Vec<String> {
    found_with(text, Versions::default())
}

/// A function with two streams and four slices, made and complete.
fn two_streams(tracking: bool, body: &str) -> String {
    let off = if tracking { "" } else { "unsafe { context.disable_event_tracking() };" };
    format!(
        "use cudarc::driver::*; use cudarc::cublas::*; use cudarc::cublaslt::*; use cudarc::curand::CudaRng;
         use cudarc::cufft::*; use cudarc::cudnn::*; use cudarc::nccl::safe::*; use std::sync::Arc;
         fn main() -> Result<(), Box<dyn std::error::Error>> {{
             let context = CudaContext::new(0)?; {off}
             let (first, second) = (context.new_stream()?, context.new_stream()?);
             let mut a = first.alloc_zeros::<f32>(1024)?; let mut b = first.alloc_zeros::<f32>(1024)?;
             let mut c = first.alloc_zeros::<f32>(1024)?; let mut copy = first.alloc_zeros::<f32>(1024)?;
             context.synchronize()?;
             {body}
             context.synchronize()?;
             Ok(())
         }}"
    )
}

const UNTRACKED: [&str; 1] = ["cudarc-untracked-streams"];

/// Work of a library on `first` that writes `c`: alone, and with what makes its handle.
const WRITES: [(&str, &str); 11] = [
    (
        "let blas = CudaBlas::new(first.clone())?;",
        "unsafe { blas.gemm(GemmConfig { m: 1, alpha: 1.0 }, &a, &b, &mut c)? };",
    ),
    (
        "let blas = CudaBlas::new(first.clone())?;",
        "unsafe { blas.gemm_strided_batched(cfg, &a.slice(0..12), &b, &mut c.slice_mut(..))? };",
    ),
    (
        "let mut blas = CudaBlas::new(second.clone())?; unsafe { blas.set_stream(first.clone())? };",
        "unsafe { blas.gemv(GemvConfig { m: 1 }, &a, &b, &mut c)? };",
    ),
    (
        "let blas = Arc::new(CudaBlas::new(first.clone())?); let blas = blas.clone();",
        "unsafe { blas.gemm(cfg, &a, &b, &mut c)? };",
    ),
    (
        "let lt = CudaBlasLT::new(first.clone())?;",
        "unsafe { lt.matmul(MatmulConfig { m: 1 }, &a, &b, &mut c, None, None)? };",
    ),
    ("let rng = CudaRng::new(7, first.clone())?;", "rng.fill_with_normal(&mut c, 0.0, 1.0)?;"),
    ("let fft = CudaFft::plan_1d(256, ty, 1, first.clone())?;", "fft.exec_r2c(&a, &mut c)?;"),
    ("let comm = Comm::from_rank(first.clone(), 0, 2, id)?;", "comm.all_reduce(&a, &mut c, &ReduceOp::Sum)?;"),
    ("let comm = Comm::from_rank(first.clone(), 0, 2, id)?;", "comm.broadcast(None, &mut c, 1)?;"),
    (
        "let comm = Comm::from_rank(first.clone(), 0, 2, id)?;",
        "{ let mut group = comm.group(); group.recv(c.slice_mut(0..12), 1)?; }",
    ),
    (
        "let cudnn = Cudnn::new(first.clone())?; let x = cudnn.create_4d_tensor::<f32>(format, [1, 1, 32, 32])?;
         let y = cudnn.create_4d_tensor::<f32>(format, [1, 1, 32, 32])?;
         let w = cudnn.create_4d_filter::<f32>(format, [1, 1, 3, 3])?;
         let conv = cudnn.create_conv2d::<f32>([1, 1], [1, 1], [1, 1], mode)?;
         let op = ConvForward { conv: &conv, x: &x, w: &w, y: &y }; let algo = op.pick_algorithm()?;",
        "unsafe { op.launch(algo, Some(&mut b), (1.0, 0.0), &a, &a, &mut c)? };",
    ),
];

#[test]
fn work_of_libraries_goes_to_the_stream_of_the_handle() {
    for (handle, work) in WRITES {
        let use_it = "second.memcpy_dtod(&c, &mut copy)?;";
        let body = |between: &str| format!("{handle} {work} {between} {use_it}");
        assert_eq!(found(&two_streams(false, &body(""))), UNTRACKED, "{work}");
        assert!(found(&two_streams(false, &body("second.join(&first)?;"))).is_empty(), "{work}");
        assert!(found(&two_streams(false, &body("first.synchronize()?;"))).is_empty(), "{work}");
        assert_eq!(found(&two_streams(false, &body("second.synchronize()?;"))), UNTRACKED, "{work}");
        // Nothing is between the work and a copy on its own stream.
        let same = format!("{handle} {work} first.memcpy_dtod(&c, &mut copy)?;");
        assert!(found(&two_streams(false, &same)).is_empty(), "{work}");
    }
}

#[test]
fn what_libraries_get_is_recorded() {
    for (handle, work) in WRITES {
        for around in ["second.memcpy_dtod(&c, &mut copy)?;", "second.memset_zeros(&mut c)?;", "drop(c);"] {
            assert!(found(&two_streams(true, &format!("{handle} {work} {around}"))).is_empty(), "{work}");
            let before = around.replace("drop(c);", "");
            assert!(found(&two_streams(true, &format!("{handle} {before} {work}"))).is_empty(), "{work}");
        }
    }
}

#[test]
fn what_libraries_read_must_not_be_overwritten() {
    let gemm = "let blas = CudaBlas::new(first.clone())?; unsafe { blas.gemm(cfg, &a, &b, &mut c)? };";
    let body = format!("{gemm} second.memset_zeros(&mut b)?;");
    assert_eq!(found(&two_streams(false, &body)), UNTRACKED);
    assert!(found(&two_streams(true, &body)).is_empty());
    let body = format!("{gemm} second.memcpy_dtod(&b, &mut copy)?;");
    assert!(found(&two_streams(false, &body)).is_empty());
    // Of two readers the second takes the place of the first: what overwrites waits for one of them only.
    let two = format!(
        "{gemm} second.memcpy_dtod(&a, &mut copy)?; let third = context.new_stream()?; third.memset_zeros(&mut a)?;"
    );
    assert_eq!(found(&two_streams(true, &two)), ["cudarc-lost-event"]);
}

#[test]
fn a_sum_is_there_when_the_call_returns() {
    let body = |result: &str| {
        format!(
            "let blas = CudaBlas::new(first.clone())?; first.memcpy_dtod(&a, &mut c)?; let mut sum = 0.0f32;
             unsafe {{ blas.asum(AsumConfig {{ n: 12 }}, &a, &mut sum)? }}; {result} println!(\"{{sum}}\");"
        )
    };
    assert!(found(&two_streams(false, &body(""))).is_empty());
    assert!(found(&two_streams(false, &body("second.memset_zeros(&mut a)?;"))).is_empty());
}

#[test]
fn a_generator_goes_with_its_variable() {
    let misuse = ["library-object-released-in-flight"];
    let body = |rest: &str| {
        format!("let rng = CudaRng::new(7, first.clone())?; rng.fill_with_uniform(&mut c)?; {rest}")
    };
    assert_eq!(found(&two_streams(true, &body("drop(rng);"))), misuse);
    assert!(found(&two_streams(true, &body("first.synchronize()?; drop(rng);"))).is_empty());
    let shared = "let rng = Arc::new(CudaRng::new(7, first.clone())?); let other = rng.clone();
                  rng.fill_with_uniform(&mut c)?; drop(rng); context.synchronize()?; drop(other);";
    assert!(found(&two_streams(true, shared)).is_empty());
}

#[test]
fn functions_of_result_are_those_of_the_library() {
    let prepare = "let blas = CudaBlas::new(first.clone())?;
        let (x, x_guard) = a.device_ptr(&first); let (y, y_guard) = c.device_ptr_mut(&first);";
    let axpy = "unsafe { cudarc::cublas::result::sgemv(*blas.handle(), op, 1, 1, &alpha, x as *const f32, 1, x as *const f32, 1, &beta, y as *mut f32, 1)? };";
    let end = "drop(x_guard); drop(y_guard); second.memcpy_dtod(&c, &mut copy)?;";
    assert!(found(&two_streams(true, &format!("{prepare} {axpy} {end}"))).is_empty());
    // The guards record before the work comes.
    let misuse = "drop(x_guard); drop(y_guard);";
    let body = format!("{prepare} {misuse} {axpy} second.memcpy_dtod(&c, &mut copy)?;");
    assert_eq!(found(&two_streams(true, &body)), ["cudarc-guard-dropped"]);
    let raw = "let handle = cudarc::cublas::result::create_handle()?;
        unsafe { cudarc::cublas::result::set_stream(handle, first.cu_stream() as _)? };
        unsafe { cudarc::curand::result::set_stream(generator, first.cu_stream() as _)? };
        let (y, guard) = c.device_ptr_mut(&first);
        unsafe { cudarc::cublas::sys::cublasSscal_v2(handle, 12, &alpha, y as *mut f32, 1).result()? }; drop(guard);
        second.memcpy_dtod(&c, &mut copy)?; WAIT unsafe { cudarc::cublas::result::destroy_handle(handle)? };";
    assert!(found(&two_streams(true, &raw.replace("WAIT", "context.synchronize()?;"))).is_empty());
    let untracked = found(&two_streams(false, &raw.replace("WAIT", "context.synchronize()?;")));
    assert_eq!(untracked, UNTRACKED);
    let nccl = "let (x, guard) = a.device_ptr(&first); let (y, other) = c.device_ptr_mut(&first);
        unsafe { cudarc::nccl::result::all_reduce(x as _, y as _, 12, ty, op, comm, first.cu_stream() as _)? };
        drop((guard, other)); second.memcpy_dtod(&c, &mut copy)?;";
    assert_eq!(found(&two_streams(false, nccl)), UNTRACKED);
    assert!(found(&two_streams(true, nccl)).is_empty());
}

/// 0.13 and before knows no tracking: the device has one stream, and a fork of it another.
#[test]
fn before_tracking_nothing_is_recorded() {
    let old = Versions { cudarc: (0, 13, 9) };
    let text = |between: &str| {
        format!(
            "use cudarc::driver::*; use cudarc::cublas::*;
             fn main() -> Result<(), Box<dyn std::error::Error>> {{
                 let dev = CudaDevice::new(0)?; let fork = dev.fork_default_stream()?;
                 let blas = CudaBlas::new(dev.clone())?;
                 let a = dev.alloc_zeros::<f32>(1024)?; let mut c = dev.alloc_zeros::<f32>(1024)?;
                 dev.synchronize()?;
                 unsafe {{ blas.set_stream(Some(&fork))?; blas.gemm(cfg, &a, &a, &mut c)?; }}
                 {between}
                 let host = dev.dtoh_sync_copy(&c)?; println!(\"{{}}\", host[0]); Ok(())
             }}"
        )
    };
    assert_eq!(found_with(&text(""), old), ["nonblocking-vs-default-race"]);
    assert!(found_with(&text("dev.wait_for(&fork)?;"), old).is_empty());
    let own = text("").replace("blas.set_stream(Some(&fork))?;", "blas.set_stream(None)?;");
    assert!(found_with(&own, old).is_empty());
}

#[test]
fn functions_of_c_get_pointers_as_they_are() {
    let text = "use cudarc::cublas::{result::hgemm, sys::cublasHandle_t};
        use cudarc::driver::{CudaStream, DevicePtr};
        fn f(stream: std::sync::Arc<CudaStream>, handle: cublasHandle_t, a: *const half::f16, n: i32) {
            let c = unsafe { stream.alloc::<half::f16>(64).unwrap() };
            let (c_ptr, _guard) = c.device_ptr(c.stream());
            let c_ptr = c_ptr as *mut half::f16;
            let (alpha, beta) = (one(), one());
            unsafe { hgemm(handle, 0, 0, n, n, n, &alpha, a, n, a, n, &beta, c_ptr, n).unwrap(); }
        }
        fn one() -> half::f16 { half::f16::from_f32(1.0) }";
    assert_eq!(found(text), Vec::<String>::new());
}
