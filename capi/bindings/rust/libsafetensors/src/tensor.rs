//! `Tensor`: the bytes of a tensor.

use crate::callback;
use crate::element::{check_alignment, count_of, read_vec};
use crate::error::Result;
use crate::{Dtype, Element, TensorInfo};
use safetensors_sys as sys;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::slice;

/// The bytes of a tensor, and a reference to the mapping or memory that holds them: valid after the
/// [`File`](crate::File) is dropped. The bytes are little-endian, dense, in row-major order. A clone
/// is another reference to the same bytes.
pub struct Tensor<'data> {
    handle: NonNull<sys::st_tensor>,
    data: PhantomData<&'data [u8]>,
}

// SAFETY: as for File. Programs write to the bytes with raw pointers only.
unsafe impl Send for Tensor<'_> {}
// SAFETY: as above.
unsafe impl Sync for Tensor<'_> {}

impl<'data> Tensor<'data> {
    /// # Safety
    /// `handle` is a reference that the result releases, valid during `'data`.
    #[inline]
    pub(crate) unsafe fn from_handle(handle: *mut sys::st_tensor) -> Tensor<'data> {
        Tensor {
            handle: NonNull::new_unchecked(handle),
            data: PhantomData,
        }
    }

    /// Takes over a reference to a tensor of the C ABI.
    ///
    /// # Safety
    ///
    /// `handle` is a valid reference that nothing else releases, what it refers to is valid during
    /// `'data` and may be used on any thread, and nothing writes to its bytes meanwhile.
    pub unsafe fn from_raw(handle: NonNull<sys::st_tensor>) -> Tensor<'data> {
        Tensor::from_handle(handle.as_ptr())
    }

    /// The tensor of the C ABI, valid as long as `self`.
    #[inline]
    pub fn as_raw(&self) -> *mut sys::st_tensor {
        self.handle.as_ptr()
    }

    /// Gives the reference to the caller, who releases it with `st_tensor_unref` before `'data`
    /// ends.
    pub fn into_raw(self) -> NonNull<sys::st_tensor> {
        ManuallyDrop::new(self).handle
    }

    /// The tensor's entry in the header.
    #[inline]
    pub fn info(&self) -> TensorInfo<'_> {
        let mut info = sys::st_tensor_info::default();
        // SAFETY: the handle and the outputs are valid, so that the call cannot fail.
        unsafe {
            let status = sys::st_tensor_describe(self.as_raw(), &mut info, ptr::null_mut());
            debug_assert_eq!(status, sys::ST_OK);
            TensorInfo::from_raw(&info)
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.info().name
    }

    /// The element type.
    pub fn dtype(&self) -> Dtype {
        self.info().dtype
    }

    /// The extents in elements.
    pub fn shape(&self) -> &[u64] {
        self.info().shape
    }

    /// The size of the data in bytes.
    #[inline]
    pub fn nbytes(&self) -> usize {
        // SAFETY: the handle is valid.
        unsafe { sys::st_tensor_nbytes(self.as_raw()) as usize }
    }

    /// The first byte.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        // SAFETY: the handle is valid.
        unsafe { sys::st_tensor_data(self.as_raw()).cast() }
    }

    /// The first byte for writing, if the file was opened with
    /// [`Access::Writable`](crate::Access::Writable). Tensors of the same mapped file share their
    /// bytes. A program that writes ensures that no slice of the bytes exists meanwhile, and that
    /// no other thread accesses them.
    pub fn as_mut_ptr(&self) -> Option<NonNull<u8>> {
        // SAFETY: the handle is valid.
        NonNull::new(unsafe { sys::st_tensor_mutable_data(self.as_raw()).cast() })
    }

    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: the bytes are valid as long as the handle.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.nbytes()) }
    }

    /// The elements, without a copy.
    ///
    /// Fails with [`Status::InvalidArgument`](crate::Status::InvalidArgument) if `T` does not view
    /// the dtype, and with [`Status::Unsupported`](crate::Status::Unsupported) if the bytes are not
    /// aligned to `T`, which happens only with [`Unaligned::Allow`](crate::Unaligned::Allow):
    /// [`to_vec`](Tensor::to_vec) accepts these.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        let (data, count) = (self.as_ptr(), self.count::<T>()?);
        if count == 0 {
            return Ok(&[]);
        }
        check_alignment::<T>(data, &self.info())?;
        // SAFETY: aligned, valid as long as the handle, and any bit pattern is an element.
        Ok(unsafe { slice::from_raw_parts(data.cast(), count) })
    }

    /// A copy of the elements, at any alignment. Fails with
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) if `T` does not view the dtype.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let count = self.count::<T>()?;
        read_vec(count, |buffer: *mut T| {
            // SAFETY: the buffer has room for `count` elements, of which the tensor has the bytes.
            unsafe {
                let nbytes = count * std::mem::size_of::<T>();
                ptr::copy_nonoverlapping(self.as_ptr(), buffer.cast(), nbytes);
            }
            Ok(())
        })
    }

    fn count<T: Element>(&self) -> Result<usize> {
        count_of::<T>(&self.info())
    }
}

impl Clone for Tensor<'_> {
    fn clone(&self) -> Self {
        // SAFETY: the handle is valid, and the library returns it with another reference.
        unsafe { Tensor::from_handle(sys::st_tensor_ref(self.as_raw())) }
    }
}

impl Drop for Tensor<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the reference is released once.
        callback::run(|| unsafe { sys::st_tensor_unref(self.as_raw()) });
    }
}

/// The bytes.
impl AsRef<[u8]> for Tensor<'_> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Tensor<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.info();
        formatter
            .debug_struct("Tensor")
            .field("name", &info.name)
            .field("dtype", &info.dtype)
            .field("shape", &info.shape)
            .finish()
    }
}
