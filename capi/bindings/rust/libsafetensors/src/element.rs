//! `Element`: the types of Rust that tensors are viewed as.

use crate::error::{Error, Result};
use crate::{Dtype, Status, TensorInfo};
use std::mem::{align_of, size_of};
use std::slice;

/// A type whose slices are the bytes of tensors.
///
/// Implemented for the integers and floats of Rust. `u8` also views BOOL and the 8-bit floats,
/// `u16` also F16 and BF16, as their bits; `[f32; 2]` views C64. `bool` is not an element: a file
/// may have bytes other than 0 and 1.
///
/// Programs implement it for their own types, such as a half-precision float:
///
/// ```
/// use libsafetensors::{Dtype, Element};
///
/// #[derive(Clone, Copy)]
/// #[repr(transparent)]
/// struct Bf16(u16);
///
/// // SAFETY: a transparent wrapper of u16, which is valid for any bits.
/// unsafe impl Element for Bf16 {
///     const DTYPE: Dtype = Dtype::Bf16;
/// }
/// ```
///
/// # Safety
///
/// Every bit pattern is a valid value, values have no padding and no interior mutability, and the
/// size is that of an element of [`DTYPE`](Element::DTYPE) and of every dtype that
/// [`views`](Element::views) accepts, which is at least one byte.
pub unsafe trait Element: Copy + Send + Sync + 'static {
    /// The dtype of tensors that are saved from slices of this type.
    const DTYPE: Dtype;

    /// Whether tensors of `dtype` can be viewed as slices of this type.
    #[inline]
    fn views(dtype: Dtype) -> bool {
        dtype == Self::DTYPE
    }
}

macro_rules! elements {
    ($($type:ty => $dtype:ident $(, $other:ident)*;)*) => {$(
        // SAFETY: a number or an array of numbers, with the size of these dtypes.
        unsafe impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;

            #[inline]
            fn views(dtype: Dtype) -> bool {
                matches!(dtype, Dtype::$dtype $(| Dtype::$other)*)
            }
        }
    )*};
}

elements! {
    u8 => U8, Bool, F8E5M2, F8E4M3, F8E8M0, F8E4M3Fnuz, F8E5M2Fnuz;
    i8 => I8;
    i16 => I16;
    u16 => U16, F16, Bf16;
    i32 => I32;
    u32 => U32;
    f32 => F32;
    [f32; 2] => C64;
    f64 => F64;
    i64 => I64;
    u64 => U64;
}

/// The bytes of a slice, for functions that take a tensor's bytes.
///
/// ```
/// assert_eq!(libsafetensors::bytes_of(&[1u16, 2]), [1, 0, 2, 0]);
/// ```
pub fn bytes_of<T: Element>(elements: &[T]) -> &[u8] {
    // SAFETY: elements have no padding.
    unsafe { slice::from_raw_parts(elements.as_ptr().cast(), std::mem::size_of_val(elements)) }
}

/// The number of elements of a tensor that is viewed as a slice of `T`.
pub(crate) fn count_of<T: Element>(info: &TensorInfo<'_>) -> Result<usize> {
    if !T::views(info.dtype) {
        let type_name = std::any::type_name::<T>();
        let message = format!(
            "tensor {:?} has dtype {}, which is not viewed as {type_name}",
            info.name, info.dtype
        );
        return Err(Error::new(Status::InvalidArgument, message));
    }
    count_in::<T>(info.nbytes)
}

/// The number of elements in `nbytes` bytes.
pub(crate) fn count_in<T: Element>(nbytes: u64) -> Result<usize> {
    match usize::try_from(nbytes) {
        Ok(nbytes) if nbytes <= isize::MAX as usize => Ok(nbytes / size_of::<T>()),
        _ => Err(Error::new(
            Status::NoMemory,
            format!("{nbytes} bytes exceed the address space"),
        )),
    }
}

/// Checks that the bytes of a tensor can be referred to as `T`.
pub(crate) fn check_alignment<T: Element>(data: *const u8, info: &TensorInfo<'_>) -> Result<()> {
    if data as usize % align_of::<T>() == 0 {
        return Ok(());
    }
    let message = format!(
        "tensor {:?} is at address {data:p}, which is not aligned to {} bytes",
        info.name,
        align_of::<T>()
    );
    Err(Error::new(Status::Unsupported, message))
}

/// A vector of `count` elements that `read` writes.
pub(crate) fn read_vec<T: Element>(
    count: usize,
    read: impl FnOnce(*mut T) -> Result<()>,
) -> Result<Vec<T>> {
    let mut elements = Vec::new();
    elements
        .try_reserve_exact(count)
        .map_err(|error| Error::new(Status::NoMemory, error.to_string()))?;
    read(elements.as_mut_ptr())?;
    // SAFETY: `read` has written `count` elements, and any bit pattern is an element.
    unsafe { elements.set_len(count) };
    Ok(elements)
}
