//! DLPack tensors: tensors of this crate for other libraries, and back.

use crate::callback;
use crate::error::{call, Result};
use crate::Tensor;
use safetensors_sys as sys;
use safetensors_sys::dlpack::{DLManagedTensor, DLManagedTensorVersioned, DLTensor};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::os::raw::c_char;
use std::ptr::{self, NonNull};

pub use safetensors_sys::dlpack as raw;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::DLManagedTensor {}
    impl Sealed for super::DLManagedTensorVersioned {}
}

/// The managed tensors of DLPack: [`DLManagedTensorVersioned`], and [`DLManagedTensor`] of DLPack
/// before 1.0.
pub trait Managed: sealed::Sealed + Sized {
    /// The view of memory.
    fn tensor(&self) -> &DLTensor;

    #[doc(hidden)]
    unsafe fn delete(managed: *mut Self);

    #[doc(hidden)]
    unsafe fn export(
        tensor: *mut sys::st_tensor,
        managed: *mut *mut Self,
        error: *mut sys::st_error,
    ) -> sys::st_status;

    #[doc(hidden)]
    unsafe fn add(
        builder: *mut sys::st_builder,
        name: *const c_char,
        name_len: u64,
        managed: *mut Self,
        error: *mut sys::st_error,
    ) -> sys::st_status;
}

macro_rules! managed {
    ($type:ty, $export:ident, $add:ident) => {
        impl Managed for $type {
            fn tensor(&self) -> &DLTensor {
                &self.dl_tensor
            }

            unsafe fn delete(managed: *mut Self) {
                if let Some(deleter) = (*managed).deleter {
                    deleter(managed);
                }
            }

            unsafe fn export(
                tensor: *mut sys::st_tensor,
                managed: *mut *mut Self,
                error: *mut sys::st_error,
            ) -> sys::st_status {
                sys::$export(tensor, managed, error)
            }

            unsafe fn add(
                builder: *mut sys::st_builder,
                name: *const c_char,
                name_len: u64,
                managed: *mut Self,
                error: *mut sys::st_error,
            ) -> sys::st_status {
                sys::$add(builder, name, name_len, managed, error)
            }
        }
    };
}

managed!(
    DLManagedTensorVersioned,
    st_tensor_to_dlpack,
    st_builder_add_dlpack
);
managed!(
    DLManagedTensor,
    st_tensor_to_dlpack_unversioned,
    st_builder_add_dlpack_unversioned
);

/// A DLPack tensor and the duty to release it: dropping it calls its deleter.
pub struct Dlpack<'data, M: Managed = DLManagedTensorVersioned> {
    managed: NonNull<M>,
    data: PhantomData<&'data [u8]>,
}

// SAFETY: from_raw requires a deleter that any thread may call; shared references only read.
unsafe impl<M: Managed> Send for Dlpack<'_, M> {}
// SAFETY: as above.
unsafe impl<M: Managed> Sync for Dlpack<'_, M> {}

impl<'data, M: Managed> Dlpack<'data, M> {
    /// Takes over a tensor of another library.
    ///
    /// # Safety
    ///
    /// `managed` is valid, nothing else calls its deleter, any thread may call it, and the memory
    /// is valid and is not written to until then or during `'data`, whichever ends first.
    pub unsafe fn from_raw(managed: NonNull<M>) -> Dlpack<'data, M> {
        Dlpack {
            managed,
            data: PhantomData,
        }
    }

    /// The managed tensor, valid as long as `self`.
    pub fn as_raw(&self) -> *mut M {
        self.managed.as_ptr()
    }

    /// Gives the tensor to a consumer, who calls its deleter before `'data` ends.
    #[must_use = "the consumer calls the deleter"]
    pub fn into_raw(self) -> NonNull<M> {
        ManuallyDrop::new(self).managed
    }

    /// The managed tensor.
    pub fn managed(&self) -> &M {
        // SAFETY: valid as long as `self`.
        unsafe { self.managed.as_ref() }
    }
}

impl<M: Managed> Drop for Dlpack<'_, M> {
    fn drop(&mut self) {
        // SAFETY: the deleter is called once.
        callback::run(|| unsafe { M::delete(self.managed.as_ptr()) });
    }
}

impl<M: Managed> fmt::Debug for Dlpack<'_, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Dlpack")
            .field(self.managed().tensor())
            .finish()
    }
}

/// DLPack.
impl<'data> Tensor<'data> {
    /// The tensor as a DLPack tensor on the CPU, which refers to the same bytes. It is marked as
    /// read-only unless the file was opened with [`Access::Writable`](crate::Access::Writable).
    ///
    /// Fails with [`Status::Unsupported`](crate::Status::Unsupported) if the bytes are not aligned
    /// to the element size, and with [`Status::Overflow`](crate::Status::Overflow) for an extent
    /// over 2^63 - 1.
    pub fn to_dlpack(&self) -> Result<Dlpack<'data>> {
        self.export()
    }

    /// The same for consumers that know only DLPack before 1.0, which cannot mark memory as
    /// read-only: fails with [`Status::Unsupported`](crate::Status::Unsupported) unless the file was
    /// opened with [`Access::Writable`](crate::Access::Writable).
    pub fn to_dlpack_unversioned(&self) -> Result<Dlpack<'data, DLManagedTensor>> {
        self.export()
    }

    fn export<M: Managed>(&self) -> Result<Dlpack<'data, M>> {
        let mut managed = ptr::null_mut();
        // SAFETY: the handle and the outputs are valid; the call sets `managed` if it succeeds.
        unsafe {
            call(|error| M::export(self.as_raw(), &mut managed, error))?;
            Ok(Dlpack::from_raw(NonNull::new_unchecked(managed)))
        }
    }
}
