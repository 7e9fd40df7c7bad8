//! What other threads run: followed where they are started, if they cannot wait for the one that starts them.

mod reported;

use cuda_lint_rust::FileContext;
use reported::{analysed, rules};

/// What is reported by default.
fn found(items: &str, body: &str) -> Vec<String> {
    let text = format!(
        "use cudarc::driver::*; use std::sync::{{Arc, Mutex, mpsc}}; use std::thread;
         {items}
         fn main() -> Result<(), DriverError> {{
             let ctx = CudaContext::new(0)?; {body}
             ctx.synchronize()
         }}"
    );
    let found = analysed(&text, &FileContext::default());
    rules(found).into_iter().map(str::to_owned).collect()
}

/// The per-thread stream of the thread that runs the function, with a slice that it fills.
const FILLED: &str = "let stream = ctx.per_thread_stream(); let mut data = stream.alloc_zeros::<f32>(1024)?;
    let mut copy = stream.alloc_zeros::<f32>(1024)?; stream.synchronize()?; stream.memset_zeros(&mut data)?;";

const UNTRACKED: [&str; 1] = ["cudarc-untracked-streams"];

/// Ways to use the slice in another thread, with what makes the stream there.
const READERS: [&str; 6] = [
    "let other = stream.clone();
     let handle = thread::spawn(move || { other.memcpy_dtod(&data, &mut copy) }); handle.join().unwrap()?;",
    "let inner = ctx.clone();
     let handle = thread::spawn(move || -> Result<(), DriverError> {
         let own = inner.per_thread_stream(); own.memcpy_dtod(&data, &mut copy)?; Ok(()) });
     handle.join().unwrap()?;",
    "let inner = ctx.clone(); thread::spawn(move || { helper(&inner, &data, &mut copy).unwrap() });",
    "thread::scope(|scope| { scope.spawn(|| ctx.per_thread_stream().memcpy_dtod(&data, &mut copy)); });",
    "rayon::scope(|scope| { scope.spawn(|_| stream.memcpy_dtod(&data, &mut copy).unwrap()); });",
    "let (one, two) = rayon::join(|| 3, || ctx.per_thread_stream().memcpy_dtod(&data, &mut copy)); two?;",
];

const HELPER: &str = "fn helper(ctx: &Arc<CudaContext>, from: &CudaSlice<f32>, to: &mut CudaSlice<f32>) -> Result<(), DriverError> {
    ctx.per_thread_stream().memcpy_dtod(from, to) }";

#[test]
fn the_per_thread_stream_of_another_thread_is_another_stream() {
    for reader in READERS {
        // Where the thread owns the slice, it frees it besides, in the order of its own stream.
        let mut misuse = found(HELPER, &format!("{FILLED} {reader}"));
        misuse.dedup();
        assert_eq!(misuse, UNTRACKED, "{reader}");
        let waits = format!("{FILLED} stream.synchronize()?; {reader}");
        assert_eq!(found(HELPER, &waits), [""; 0], "{reader}");
        // With an owned stream, uses are recorded.
        let owned = format!("let owned = ctx.new_stream()?; {FILLED} {reader}");
        assert_eq!(found(HELPER, &owned), [""; 0], "{reader}");
        // The legacy stream is the same one everywhere.
        let legacy = format!("{FILLED} {reader}").replace("per_thread_stream", "default_stream");
        assert_eq!(
            found(&HELPER.replace("per_thread_stream", "default_stream"), &legacy),
            [""; 0],
            "{reader}"
        );
    }
}

#[test]
fn one_thread_has_one_stream() {
    let body = format!(
        "{FILLED} stream.synchronize()?; let inner = ctx.clone();
         let handle = thread::spawn(move || -> Result<CudaSlice<f32>, DriverError> {{
             let own = inner.per_thread_stream(); own.memset_zeros(&mut data)?;
             helper(&inner, &data, &mut copy)?; WAIT Ok(copy) }});
         let copy = handle.join().unwrap()?; let mut last = stream.alloc_zeros::<f32>(1024)?;
         stream.memcpy_dtod(&copy, &mut last)?;"
    );
    // What the thread enqueued is not done when it is joined.
    assert_eq!(found(HELPER, &body.replace("WAIT", "")), UNTRACKED);
    assert_eq!(found(HELPER, &body.replace("WAIT", "own.synchronize()?;")), [""; 0]);
}

#[test]
fn behind_a_thread_the_streams_are_the_callers_again() {
    let body = format!(
        "{FILLED} let inner = ctx.clone();
         thread::spawn(move || {{ inner.per_thread_stream().synchronize().unwrap(); }}).join().unwrap();
         helper(&ctx, &data, &mut copy)?;"
    );
    assert_eq!(found(HELPER, &body), [""; 0]);
}

#[test]
fn what_a_thread_owns_goes_with_it() {
    let body = "unsafe { ctx.disable_event_tracking() }; let (one, two) = (ctx.new_stream()?, ctx.new_stream()?);
        let data = one.alloc_zeros::<f32>(1024)?; let mut copy = two.alloc_zeros::<f32>(1024)?; ctx.synchronize()?;
        two.memcpy_dtod(&data, &mut copy)?; WAIT
        let handle = thread::spawn(move || { let length = data.len(); println!(\"{length}\"); }); handle.join().unwrap();";
    assert_eq!(found("", &body.replace("WAIT", "")), UNTRACKED);
    assert_eq!(found("", &body.replace("WAIT", "two.synchronize()?;")), [""; 0]);
    // It hands it back.
    let body = body.replace("println!(\"{length}\");", "data");
    let body = body.replace(
        "handle.join().unwrap();",
        "let kept = handle.join().unwrap(); two.synchronize()?; drop(kept);",
    );
    assert_eq!(found("", &body.replace("WAIT", "")), [""; 0]);
}

#[test]
fn a_thread_that_ends_the_program_does_not_end_it_at_once() {
    let body =
        "unsafe { ctx.disable_event_tracking() }; let (one, two) = (ctx.new_stream()?, ctx.new_stream()?);
        let data = one.alloc_zeros::<f32>(1024)?; let mut copy = two.alloc_zeros::<f32>(1024)?;
        thread::spawn(|| { thread::sleep(Duration::from_secs(1)); std::process::exit(1); });
        two.memcpy_dtod(&data, &mut copy)?;";
    assert_eq!(found("use std::time::Duration;", body), UNTRACKED);
}

/// What may wait for the thread that started it is not followed: it may run when that one has waited.
#[test]
fn threads_that_may_be_told_are_not_followed() {
    for (before, there, after) in [
        ("let (tell, told) = mpsc::channel::<u32>();", "told.recv().unwrap();", "tell.send(1).unwrap();"),
        (
            "let gate = Arc::new(Mutex::new(0u32)); let held = gate.lock().unwrap(); let inner = gate.clone();",
            "let _open = inner.lock().unwrap();",
            "drop(held);",
        ),
        ("", "while !READY.load(Ordering::Acquire) {}", "READY.store(true, Ordering::Release);"),
        ("", "thread::park();", "handle.thread().unpark();"),
    ] {
        let items = "use std::sync::atomic::*; static READY: AtomicBool = AtomicBool::new(false);";
        let body = format!(
            "{FILLED} {before} let other = stream.clone();
             let handle = thread::spawn(move || {{ {there} other.memcpy_dtod(&data, &mut copy).unwrap(); }});
             stream.synchronize()?; {after} handle.join().unwrap();"
        );
        assert_eq!(found(items, &body), [""; 0], "{there}");
    }
}
