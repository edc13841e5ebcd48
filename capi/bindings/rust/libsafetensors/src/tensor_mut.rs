//! `TensorMut`: the bytes of a tensor that nothing else refers to.

use crate::element::{check_alignment, count_of};
use crate::error::Result;
use crate::{Element, Tensor, TensorInfo};
use std::fmt;
use std::slice;

/// A tensor in memory of its own, which the program may modify, from
/// [`File::get_mut`](crate::File::get_mut). It is not `Clone`: nothing else refers to its bytes.
///
/// ```
/// use libsafetensors::{save_to_vec, Access, OpenOptions, SaveOptions, SaveTensor};
///
/// let tensor = SaveTensor::new("x", &[2], &[0.5f32, 1.5]);
/// let bytes = save_to_vec(&[tensor], &SaveOptions::new())?;
/// let file = OpenOptions::new().access(Access::Writable).from_bytes(bytes)?;
/// let mut x = file.get_mut("x")?;
/// x.as_mut_slice::<f32>()?[0] = 2.5;
/// assert_eq!(x.freeze().as_slice::<f32>()?, [2.5, 1.5]);
/// # Ok::<(), libsafetensors::Error>(())
/// ```
pub struct TensorMut<'data>(Tensor<'data>);

impl<'data> TensorMut<'data> {
    /// `tensor` is writable, and nothing else refers to its bytes.
    pub(crate) fn new(tensor: Tensor<'data>) -> TensorMut<'data> {
        TensorMut(tensor)
    }

    /// The tensor's entry in the header.
    pub fn info(&self) -> TensorInfo<'_> {
        self.0.info()
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The bytes for writing.
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        let nbytes = self.0.nbytes();
        match self.0.as_mut_ptr() {
            // SAFETY: valid as long as the handle, and nothing else refers to the bytes.
            Some(data) => unsafe { slice::from_raw_parts_mut(data.as_ptr(), nbytes) },
            None => &mut [],
        }
    }

    /// The elements. Fails as [`Tensor::as_slice`].
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.0.as_slice()
    }

    /// The elements for writing. Fails as [`Tensor::as_slice`].
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        let count = count_of::<T>(&self.0.info())?;
        if count == 0 {
            return Ok(&mut []);
        }
        check_alignment::<T>(self.0.as_ptr(), &self.0.info())?;
        let bytes = self.as_mut_bytes();
        // SAFETY: aligned, exclusive as the bytes are, and any bit pattern is an element.
        Ok(unsafe { slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), count) })
    }

    /// The tensor without the right to write to it.
    pub fn freeze(self) -> Tensor<'data> {
        self.0
    }
}

impl fmt::Debug for TensorMut<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
