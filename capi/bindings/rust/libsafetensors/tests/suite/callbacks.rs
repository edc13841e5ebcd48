//! Panics and errors of callbacks reach the caller of the library's function.

use crate::scratch::{sample, status, Scratch};
use libsafetensors::*;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

/// The text of the panic in `function`.
fn panic_of<R>(function: impl FnOnce() -> R) -> &'static str {
    match catch_unwind(AssertUnwindSafe(function)) {
        Ok(_) => "no panic",
        Err(payload) => payload
            .downcast_ref::<&str>()
            .copied()
            .unwrap_or("another payload"),
    }
}

/// A reader that panics or fails once the header was read.
struct Faulty<F>(Vec<u8>, F);

impl<F: Fn() -> io::Result<()> + Send + Sync> ReadAt for Faulty<F> {
    fn nbytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = offset as usize;
        buffer.copy_from_slice(&self.0[start..start + buffer.len()]);
        (self.1)()
    }
}

/// A file whose reads end with `fault` after it was opened.
fn faulty<F>(fault: F) -> File<'static>
where
    F: Fn() -> io::Result<()> + Send + Sync + 'static,
{
    let opened = Arc::new(AtomicU32::new(0));
    let is_opened = opened.clone();
    let reader = Faulty(sample(), move || match is_opened.load(Ordering::Relaxed) {
        0 => Ok(()),
        _ => fault(),
    });
    let file = File::from_reader(reader).unwrap();
    opened.store(1, Ordering::Relaxed);
    file
}

#[test]
fn panics_of_readers() {
    let file = faulty(|| panic!("read failed"));
    assert_eq!(panic_of(|| file.get("weight")), "read failed");
    assert_eq!(panic_of(|| file.get_at(Order::Name, 0)), "read failed");
    assert_eq!(panic_of(|| file.read::<f32>("bias")), "read failed");
    assert_eq!(
        panic_of(|| file.read_slice::<f32>("bias", &[0..1])),
        "read failed"
    );
    assert_eq!(panic_of(|| file.read_exact_at(&mut [0], 0)), "read failed");
    assert_eq!(file.len(), 2);
    let owned = Arc::new(());
    let kept = owned.clone();
    let reader = Faulty(sample(), move || {
        let _keep = &kept;
        panic!("open failed")
    });
    assert_eq!(panic_of(|| File::from_reader(reader)), "open failed");
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn panics_while_saving() {
    let scratch = Scratch::new();
    let fill = |_, _: &mut [u8]| -> io::Result<()> { panic!("fill failed") };
    let tensor = SaveTensor::fill("x", Dtype::U8, &[1], 1, &fill);
    let options = SaveOptions::new();
    assert_eq!(
        panic_of(|| save(scratch.path("a"), &[tensor], &options)),
        "fill failed"
    );
    assert!(!scratch.path("a").exists());
    let mut builder = Builder::new().unwrap();
    builder.add_fill("x", Dtype::U8, &[1], 1, fill).unwrap();
    assert_eq!(panic_of(|| builder.save_to_vec(&options)), "fill failed");
    let mut writer = SetWriter::create(scratch.path("set"), &SetOptions::new(), &options).unwrap();
    let add = panic_of(|| writer.add_fill("x", Dtype::U8, &[1], 1, fill));
    assert_eq!(add, "fill failed");
    let progress = |_, _| -> ControlFlow<()> { panic!("progress failed") };
    let with_progress = SaveOptions::new().progress(&progress);
    let saved = panic_of(|| save(scratch.path("a"), &[], &with_progress));
    assert_eq!(saved, "progress failed");

    struct Sink;
    impl io::Write for Sink {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("write failed")
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert_eq!(
        panic_of(|| save_to(&mut Sink, &[], &options)),
        "write failed"
    );
    let empty = Builder::new().unwrap();
    assert_eq!(
        panic_of(|| empty.save_to(&mut Sink, &options)),
        "write failed"
    );
}

struct PanicsOnDrop(Vec<u8>);

impl AsRef<[u8]> for PanicsOnDrop {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("drop failed");
    }
}

#[test]
fn panics_of_owners() {
    let file = File::from_bytes(PanicsOnDrop(sample())).unwrap();
    let tensor = file.get("bias").unwrap();
    drop(file);
    assert_eq!(panic_of(|| drop(tensor)), "drop failed");
    let file = File::from_bytes(PanicsOnDrop(sample())).unwrap();
    let exported = file.get("bias").unwrap().to_dlpack().unwrap();
    drop(file);
    let mut builder = Builder::new().unwrap();
    builder.add_dlpack("bias", exported).unwrap();
    assert_eq!(panic_of(|| drop(builder)), "drop failed");
    let file = File::from_bytes(PanicsOnDrop(sample())).unwrap();
    let exported = file.get("bias").unwrap().to_dlpack().unwrap();
    drop(file);
    let managed = exported.into_raw();
    // SAFETY: a consumer calls the deleter once.
    unsafe { managed.as_ref().deleter.unwrap()(managed.as_ptr()) };
    assert_eq!(File::copy_bytes(&sample()).unwrap().len(), 2);
}

#[test]
fn errors_are_the_source() {
    #[derive(Debug)]
    struct Custom;
    impl fmt::Display for Custom {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("custom")
        }
    }
    impl std::error::Error for Custom {}
    let file = faulty(|| Err(io::Error::new(io::ErrorKind::Other, Custom)));
    let error = file.get("weight").unwrap_err();
    assert_eq!((error.status(), error.os_error()), (Status::Io, Some(5)));
    let source = std::error::Error::source(&error).unwrap();
    let source = source.downcast_ref::<io::Error>().unwrap();
    assert!(source.get_ref().unwrap().is::<Custom>());
    let file = faulty(|| Err(io::Error::from_raw_os_error(116)));
    assert_eq!(file.read::<f32>("bias").unwrap_err().os_error(), Some(116));
    let other = file.get("absent").unwrap_err();
    assert!(std::error::Error::source(&other).is_none());
}

#[test]
fn callbacks_may_call_the_library() {
    let inner = faulty(|| panic!("inner failed"));
    let fill = |_, buffer: &mut [u8]| {
        assert_eq!(panic_of(|| inner.get("bias")), "inner failed");
        assert_eq!(status(inner.get("absent")), Status::TensorNotFound);
        buffer.fill(1);
        Ok(())
    };
    let tensor = SaveTensor::fill("x", Dtype::U8, &[1], 1, &fill);
    let bytes = save_to_vec(&[tensor], &SaveOptions::new()).unwrap();
    assert_eq!(
        File::from_bytes(bytes).unwrap().read::<u8>("x").unwrap(),
        [1]
    );
    let nested = |_, _: &mut [u8]| inner.get("bias").map(drop).map_err(io::Error::from);
    let tensor = SaveTensor::fill("x", Dtype::U8, &[1], 1, &nested);
    assert_eq!(
        panic_of(|| save_to_vec(&[tensor], &SaveOptions::new())),
        "inner failed"
    );
}

#[test]
fn buffers_of_callbacks_are_zeroed() {
    let nothing = |_, buffer: &mut [u8]| {
        assert!(buffer.iter().all(|byte| *byte == 0));
        Ok(())
    };
    let tensor = SaveTensor::fill("x", Dtype::U8, &[4], 4, &nothing);
    let mut buffer = vec![0xffu8; save_size(&[tensor], &SaveOptions::new()).unwrap() as usize];
    save_into(&[tensor], &SaveOptions::new(), &mut buffer).unwrap();
    assert_eq!(buffer[buffer.len() - 4..], [0; 4]);
}
