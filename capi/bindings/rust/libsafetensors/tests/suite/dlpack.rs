//! DLPack: out of tensors and into builders.

use crate::scratch::{sample, status, unaligned};
use libsafetensors::dlpack::raw::*;
use libsafetensors::dlpack::Managed;
use libsafetensors::*;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

#[test]
fn exported_tensors_refer_to_the_bytes() {
    let file = File::from_bytes(sample()).unwrap();
    let tensor = file.get("weight").unwrap();
    let exported = tensor.to_dlpack().unwrap();
    let managed = exported.managed();
    assert_eq!(managed.version.major, DLPACK_MAJOR_VERSION);
    assert_eq!(managed.flags & DLPACK_FLAG_BITMASK_READ_ONLY, 1);
    let view = managed.tensor();
    assert_eq!(view.data as *const u8, tensor.as_ptr());
    assert_eq!((view.device.device_type, view.byte_offset), (DL_CPU, 0));
    let float = DLDataType {
        code: type_code::FLOAT,
        bits: 32,
        lanes: 1,
    };
    assert_eq!((view.dtype, view.ndim), (float, 2));
    // SAFETY: ndim is 2.
    let (shape, strides) = unsafe {
        (
            slice::from_raw_parts(view.shape, 2),
            slice::from_raw_parts(view.strides, 2),
        )
    };
    assert_eq!((shape, strides), (&[3i64, 4][..], &[4i64, 1][..]));
}

#[test]
fn exported_tensors_keep_the_memory() {
    struct Owner(Vec<u8>, Arc<AtomicUsize>);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    impl Drop for Owner {
        fn drop(&mut self) {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let file = File::from_bytes(Owner(sample(), drops.clone())).unwrap();
    let exported = file.get("weight").unwrap().to_dlpack().unwrap();
    drop(file);
    let managed = exported.into_raw();
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    // SAFETY: into_raw has passed the tensor on.
    let again: Dlpack<'static> = unsafe { Dlpack::from_raw(managed) };
    std::thread::spawn(move || drop(again)).join().unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn unsupported_exports() {
    let tensor = File::from_bytes(sample()).unwrap().get("weight").unwrap();
    assert_eq!(status(tensor.to_dlpack_unversioned()), Status::Unsupported);
    let writable = OpenOptions::new().access(Access::Writable);
    let tensor = writable
        .from_bytes(sample())
        .unwrap()
        .get("weight")
        .unwrap();
    let unversioned = tensor.to_dlpack_unversioned().unwrap();
    assert_eq!(unversioned.managed().tensor().ndim, 2);
    assert_eq!(
        tensor.to_dlpack().unwrap().managed().flags & DLPACK_FLAG_BITMASK_READ_ONLY,
        0
    );
    let copied = File::from_bytes(unaligned()).unwrap().get("x").unwrap();
    assert!(copied.to_dlpack().is_ok());
}

#[test]
fn builders_own_exported_tensors() {
    let file = File::from_bytes(sample()).unwrap();
    let writable = OpenOptions::new().access(Access::Writable);
    let bias = writable.from_bytes(sample()).unwrap().get("bias").unwrap();
    let mut builder = Builder::new().unwrap();
    builder
        .add_dlpack("weight", file.get("weight").unwrap().to_dlpack().unwrap())
        .unwrap()
        .add_dlpack("bias", bias.to_dlpack_unversioned().unwrap())
        .unwrap();
    drop((file, bias));
    let saved = builder.save_to_vec(&SaveOptions::new().metadata("format", "pt"));
    assert_eq!(saved.unwrap(), sample());
}

unsafe extern "C" fn count_deletion(managed: *mut DLManagedTensorVersioned) {
    let managed = Box::from_raw(managed);
    (*managed.manager_ctx.cast::<AtomicUsize>()).fetch_add(1, Ordering::Relaxed);
}

#[test]
fn foreign_tensors_are_released_once() {
    let deletions = AtomicUsize::new(0);
    let values = [1i32, 2];
    let mut shape = [2i64];
    let mut make = |device_type| {
        let managed = DLManagedTensorVersioned {
            version: DLPackVersion { major: 1, minor: 1 },
            manager_ctx: &deletions as *const AtomicUsize as *mut c_void,
            deleter: Some(count_deletion),
            flags: 0,
            dl_tensor: DLTensor {
                data: values.as_ptr() as *mut c_void,
                device: DLDevice {
                    device_type,
                    device_id: 0,
                },
                ndim: 1,
                dtype: DLDataType {
                    code: type_code::INT,
                    bits: 32,
                    lanes: 1,
                },
                shape: shape.as_mut_ptr(),
                strides: std::ptr::null_mut(),
                byte_offset: 0,
            },
        };
        // SAFETY: the values, the shape and the counter outlive the tensor.
        unsafe { Dlpack::from_raw(NonNull::from(Box::leak(Box::new(managed)))) }
    };
    let mut builder = Builder::new().unwrap();
    builder.add_dlpack("x", make(DL_CPU)).unwrap();
    assert_eq!(
        status(builder.add_dlpack("y", make(2))),
        Status::Unsupported
    );
    assert_eq!(deletions.load(Ordering::Relaxed), 1);
    let bytes = builder.save_to_vec(&SaveOptions::new()).unwrap();
    drop(builder);
    assert_eq!(deletions.load(Ordering::Relaxed), 2);
    assert_eq!(
        File::from_bytes(bytes).unwrap().read::<i32>("x").unwrap(),
        values
    );
    drop(make(DL_CPU));
    assert_eq!(deletions.load(Ordering::Relaxed), 3);
}
