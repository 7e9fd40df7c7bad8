//! cust's buffers, streams and events own what they hold, and free it as cust 0.3 says.

mod reported;

use cuda_lint_rust::FileContext;
use reported::{analysed, rules};

/// The rules that are reported by default for the body of a function that has a module and a stream.
fn rules_in(items: &str, body: &str) -> Vec<&'static str> {
    let text = format!(
        "use cust::prelude::*; use cust::memory::*;\n{items}\n\
         fn main() -> CudaResult<()> {{\n let _context = cust::quick_init()?;\n\
         let module = Module::from_ptx(\"\", &[])?; let stream = Stream::new(StreamFlags::DEFAULT, None)?;\n\
         {body}\n stream.synchronize()?; Ok(())\n}}"
    );
    let found = analysed(&text, &FileContext::default());
    assert!(found.partial.is_empty(), "{:?}", found.partial);
    rules(found)
}

const RENDERER: &str = "struct Buffers { image: DeviceBuffer<f32>, scaled: DeviceBuffer<f32>, width: usize }
    impl Buffers {
        fn new(width: usize) -> CudaResult<Self> {
            let image = Self::image_buffer(width)?; let scaled = Self::image_buffer(width)?;
            Ok(Self { image, scaled, width }) }
        fn clear(&mut self) -> CudaResult<()> { self.image = DeviceBuffer::zeroed(self.image.len())?; Ok(()) }
        fn resize(&mut self, width: usize) -> CudaResult<()> {
            self.width = width; self.image = Self::image_buffer(width)?; self.scaled = Self::image_buffer(width)?;
            Ok(()) }
        fn image_buffer<T: DeviceCopy>(width: usize) -> CudaResult<DeviceBuffer<T>> { DeviceBuffer::zeroed(width) }
    }
    struct Renderer { stream: Stream, module: Module, buffers: Buffers, shown: Vec<f32> }
    impl Renderer {
        fn new(width: usize) -> CudaResult<Self> {
            let module = Module::from_ptx(\"\", &[])?; let stream = Stream::new(StreamFlags::NON_BLOCKING, None)?;
            let buffers = Buffers::new(width)?; Ok(Self { stream, module, buffers, shown: vec![0.0; width] }) }
        fn update(&mut self) -> CudaResult<()> { self.buffers.clear() }
        fn resize(&mut self, width: usize) -> CudaResult<()> { self.buffers.resize(width) }
        fn refresh(&mut self) -> CudaResult<()> {
            let module = &self.module; let stream = &self.stream; self.buffers.clear()?;
            elsewhere::render(&mut self.buffers);
            unsafe { launch!(module.scale<<<1, 32, 0, stream>>>(self.buffers.image.as_device_ptr()))?; }
            stream.synchronize() }
        fn image(&mut self) -> CudaResult<&[f32]> {
            let module = &self.module; let stream = &self.stream;
            unsafe { launch!(module.scale<<<1, 32, 0, stream>>>(
                self.buffers.image.as_device_ptr(), self.buffers.scaled.as_device_ptr(), self.buffers.width))?; }
            stream.synchronize()?; self.buffers.scaled.copy_to(&mut self.shown)?; Ok(&self.shown) }
    }";

#[test]
fn what_replaces_a_buffer_in_a_field_is_what_is_used_from_then_on() {
    for body in [
        "let mut r = Renderer::new(8)?; r.image()?; r.update()?; r.image()?;",
        "let mut r = Renderer::new(8)?; loop { r.resize(9)?; r.image()?; r.update()?; r.image()?; }",
        "let mut r = Renderer::new(8)?; r.refresh()?;",
        "let mut b = Buffers::new(8)?; b.image = DeviceBuffer::zeroed(9)?;
         unsafe { launch!(module.f<<<1, 1, 0, stream>>>(b.image.as_device_ptr()))?; }",
        "let mut b = DeviceBuffer::<f32>::zeroed(8)?; for n in 0..4 { b = DeviceBuffer::zeroed(n)?;
         unsafe { launch!(module.f<<<1, 1, 0, stream>>>(b.as_device_ptr()))?; } stream.synchronize()?; }",
    ] {
        assert_eq!(rules_in(RENDERER, body), [""; 0], "{body}");
    }
}

#[test]
fn what_is_handed_over_is_not_freed_here() {
    for body in [
        "let b = DeviceBox::new(&3)?; let p = DeviceBox::into_device(b);
         unsafe { launch!(module.f<<<1, 1, 0, stream>>>(p))?; } stream.synchronize()?;
         let b = unsafe { DeviceBox::from_device(p) }; drop(b);",
        "let host = [1.0f32; 8]; unsafe { let b = DeviceBuffer::from_slice_async(&host, &stream)?;
         launch!(module.f<<<1, 1, 0, stream>>>(b.as_device_ptr()))?; b.drop_async(&stream)?; } stream.synchronize()?;",
        "let b = DeviceBuffer::<f32>::zeroed(8)?; DeviceBuffer::drop(b).unwrap();",
        "let b = DeviceBuffer::<f32>::zeroed(8)?; let (p, n) = (b.as_device_ptr(), b.len()); std::mem::forget(b);
         let b = unsafe { DeviceBuffer::from_raw_parts(p, n) }; println!(\"{:?}\", b.as_host_vec()?);",
        "let b = std::sync::Arc::new(DeviceBuffer::<f32>::zeroed(8)?); let c = b.clone(); drop(b);
         unsafe { launch!(module.f<<<1, 1, 0, stream>>>(c.as_device_ptr()))?; } stream.synchronize()?;",
        "let e = Event::new(EventFlags::DEFAULT)?; { let other = Stream::new(StreamFlags::DEFAULT, None)?;
         e.record(&other)?; } stream.wait_event(&e, StreamWaitEventFlags::DEFAULT)?;",
        "let a = DeviceBuffer::from_slice(&[1.0f32; 8])?; let mut b = DeviceBuffer::<f32>::zeroed(8)?;
         b.copy_from(&a)?; unsafe { b.async_copy_from(&a, &stream)?; } stream.synchronize()?;",
    ] {
        assert_eq!(rules_in("", body), [""; 0], "{body}");
    }
}

#[test]
fn an_address_that_outlives_its_buffer_is_found() {
    let launch = "unsafe { launch!(module.f<<<1, 1, 0, stream>>>(p))?; }";
    for before in [
        "let p = { let b = DeviceBuffer::<f32>::zeroed(8)?; b.as_device_ptr() };",
        "let b = DeviceBuffer::<f32>::zeroed(8)?; let p = b.as_device_ptr(); drop(b);",
        "let b = DeviceBuffer::<f32>::zeroed(8)?; let p = b.as_device_ptr(); DeviceBuffer::drop(b).unwrap();",
        "let mut b = Buffers::new(8)?; let p = b.image.as_device_ptr(); b.image = DeviceBuffer::zeroed(9)?;",
        "let mut b = Buffers::new(8)?; let p = b.image.as_device_ptr(); b.resize(9)?;",
        "let p = DeviceBox::new(&3)?.as_device_ptr();",
        "let p = UnifiedBuffer::new(&0.0f32, 8)?.as_unified_ptr();",
    ] {
        assert_eq!(rules_in(RENDERER, &format!("{before} {launch}")), ["device-use-after-free"], "{before}");
    }
}

#[test]
fn page_locked_memory_is_that_by_its_type() {
    let items =
        "fn fetch(from: &DeviceBuffer<f32>, to: &mut LockedBuffer<f32>, stream: &Stream) -> CudaResult<f32> {
        unsafe { from.async_copy_to(to, stream)?; } WAIT Ok(to[0]) }";
    assert_eq!(rules_in(&items.replace("WAIT", ""), ""), ["cudarc-raw-async-lifetime"]);
    assert_eq!(rules_in(&items.replace("WAIT", "stream.synchronize()?;"), ""), [""; 0]);
}
