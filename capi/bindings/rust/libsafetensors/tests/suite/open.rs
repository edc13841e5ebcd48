//! Opening: paths, descriptors, memory, readers, options.

use crate::scratch::{file_of, sample, status, unaligned, write_sample, Scratch};
use libsafetensors::*;
use std::fs;
use std::io;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

#[test]
fn path_and_descriptor() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    write_sample(&path);
    let opened = File::open(&path).unwrap();
    assert_eq!((opened.len(), opened.is_mapped()), (2, false));
    // SAFETY: nothing modifies the file.
    let mapped = unsafe { File::map(&path) }.unwrap();
    assert_eq!(mapped.identity().unwrap(), opened.identity().unwrap());
    let descriptor = fs::File::open(&path).unwrap();
    let by_descriptor = File::open_fd(&descriptor).unwrap();
    drop(descriptor);
    assert_eq!(by_descriptor.read::<f32>("bias").unwrap(), [0.5, 1.5, 2.5]);
    // SAFETY: nothing modifies the file.
    let options = unsafe { OpenOptions::new().backend(Backend::Mmap) };
    assert!(options.open(&path).unwrap().is_mapped());
}

#[test]
fn failures_have_the_library_message() {
    let scratch = Scratch::new();
    let error = File::open(scratch.path("absent")).unwrap_err();
    assert_eq!(error.status(), Status::NotFound);
    assert_eq!((error.os_error(), error.position()), (Some(2), None));
    assert!(error.message().contains("absent"), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotFound);
    assert_eq!(status(File::open(scratch.path(""))), Status::NotRegular);
    assert_eq!(status(File::open("a\0b")), Status::InvalidArgument);
    let too_large = File::from_bytes([b'x'; 16]).unwrap_err();
    assert_eq!(too_large.status(), Status::HeaderTooLarge);
    assert_eq!(too_large.position(), Some(0));
    assert_eq!(status(File::from_bytes([0u8; 3])), Status::HeaderTooSmall);
}

#[test]
fn options() {
    let unknown_field = file_of(
        r#"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}}"#,
        &[1],
    );
    assert!(File::from_bytes(&unknown_field).is_ok());
    let strict = OpenOptions::new().strictness(Strictness::Strict);
    assert_eq!(status(strict.from_bytes(&unknown_field)), Status::Schema);
    let small = OpenOptions::new().max_header_size(16);
    assert_eq!(status(small.from_bytes(sample())), Status::HeaderTooLarge);
    assert!(OpenOptions::default().copy_bytes(&sample()).is_ok());
}

#[test]
fn unaligned_tensors_are_copied_unless_allowed() {
    let bytes = unaligned();
    let copied = File::from_bytes(&bytes).unwrap().get("x").unwrap();
    assert_eq!(copied.as_slice::<f32>().unwrap(), [1.0, 2.0]);
    // One of two neighbouring copies is not aligned to 4 bytes, wherever the vector is.
    let allow = OpenOptions::new().unaligned(Unaligned::Allow);
    let mut shifted = vec![0u8];
    shifted.extend_from_slice(&bytes);
    let mut failures = 0;
    for start in [&bytes[..], &shifted[1..]] {
        let tensor = allow.from_bytes(start).unwrap().get("x").unwrap();
        assert_eq!(tensor.to_vec::<f32>().unwrap(), [1.0, 2.0]);
        match tensor.as_slice::<f32>() {
            Ok(elements) => assert_eq!(elements, [1.0, 2.0]),
            Err(error) => {
                assert_eq!(error.status(), Status::Unsupported);
                failures += 1;
            }
        }
    }
    assert!(failures > 0);
}

/// Counts how often it is dropped.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn memory_is_dropped_once_after_the_last_reference() {
    let drops = Arc::new(AtomicUsize::new(0));
    let file = File::from_bytes(Counted(sample(), drops.clone())).unwrap();
    let other = file.clone();
    let tensor = file.get("bias").unwrap();
    drop(file);
    drop(other);
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    let again = tensor.clone();
    drop(tensor);
    assert_eq!(again.as_slice::<f32>().unwrap(), [0.5, 1.5, 2.5]);
    drop(again);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    assert!(File::from_bytes(Counted(vec![1], drops.clone())).is_err());
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

#[test]
fn owners_and_borrows() {
    let bytes = sample();
    let shared: Arc<[u8]> = bytes.clone().into();
    let boxed: Box<[u8]> = bytes.clone().into();
    for file in [
        File::from_bytes(&bytes).unwrap(),
        File::from_bytes(&bytes[..]).unwrap(),
        File::from_bytes(bytes.clone()).unwrap(),
        File::from_bytes(shared.clone()).unwrap(),
        File::from_bytes(boxed).unwrap(),
        File::copy_bytes(&bytes).unwrap(),
    ] {
        assert_eq!(file.read::<f32>("bias").unwrap(), [0.5, 1.5, 2.5]);
    }
    let tensor = File::from_bytes(shared.clone())
        .unwrap()
        .get("bias")
        .unwrap();
    assert!(shared.as_ptr_range().contains(&tensor.as_ptr()));
}

/// A reader of a slice.
struct Slice<'a>(&'a [u8]);

impl ReadAt for Slice<'_> {
    fn nbytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = offset as usize;
        buffer.copy_from_slice(&self.0[start..start + buffer.len()]);
        Ok(())
    }
}

#[test]
fn readers() {
    let bytes = sample();
    let reader = Slice(&bytes);
    let borrowed = File::from_reader(&reader).unwrap();
    let owned = File::from_reader(Box::new(Slice(&bytes))).unwrap();
    let shared: Arc<dyn ReadAt + '_> = Arc::new(Slice(&bytes));
    let shared = File::from_reader(shared).unwrap();
    for file in [borrowed, owned, shared] {
        let tensor = file.get("weight").unwrap();
        drop(file);
        assert_eq!(tensor.as_slice::<f32>().unwrap()[11], 11.0);
    }
}

#[test]
fn raw_handles_are_passed_on() {
    let file = File::copy_bytes(&sample()).unwrap();
    let tensor = file.get("bias").unwrap();
    // SAFETY: into_raw passes the reference on, and the data is the library's own.
    let (file, tensor): (File<'static>, Tensor<'static>) = unsafe {
        (
            File::from_raw(file.into_raw()),
            Tensor::from_raw(tensor.into_raw()),
        )
    };
    assert_eq!((file.len(), tensor.nbytes()), (2, 12));
    assert!(!file.as_raw().is_null() && !tensor.as_raw().is_null());
}

#[test]
fn replaced_files_are_detected() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    fs::write(&path, sample()).unwrap();
    let file = File::open(&path).unwrap();
    assert!(!file.is_replaced().unwrap());
    fs::write(scratch.path("b"), sample()).unwrap();
    fs::rename(scratch.path("b"), &path).unwrap();
    assert!(file.is_replaced().unwrap());
    assert!(!File::open(&path).unwrap().is_replaced().unwrap());
    fs::remove_file(&path).unwrap();
    assert!(!file.is_replaced().unwrap());
    std::os::unix::fs::symlink(&path, &path).unwrap();
    assert_eq!(status(file.is_replaced()), Status::Io);
    assert!(!File::copy_bytes(&sample()).unwrap().is_replaced().unwrap());
}

#[test]
fn modified_files_are_detected() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    write_sample(&path);
    let file = File::open(&path).unwrap();
    file.verify_unchanged().unwrap();
    let shorter = fs::File::options().write(true).open(&path).unwrap();
    shorter.set_len(file.nbytes() - 1).unwrap();
    assert_eq!(status(file.verify_unchanged()), Status::Truncated);
    assert!(file.get("weight").is_err());
}
