//! Saving of tensors that are given at once.

use crate::callback;
use crate::element::{bytes_of, read_vec};
use crate::error::{c_path, call, Result};
use crate::{Dtype, Element, SaveOptions, SetOptions};
use safetensors_sys as sys;
use std::fmt;
use std::io;
use std::os::raw::c_void;
use std::path::Path;

/// Fills a buffer with the bytes at an offset of a tensor.
pub(crate) type Fill<'a> = dyn Fn(u64, &mut [u8]) -> io::Result<()> + 'a;

/// A tensor to write: its name, its dtype, its shape and its bytes.
#[derive(Clone, Copy)]
#[must_use]
pub struct SaveTensor<'a> {
    name: &'a str,
    dtype: Dtype,
    shape: &'a [u64],
    content: Content<'a>,
    storage_id: u64,
    storage_nbytes: u64,
}

#[derive(Clone, Copy)]
enum Content<'a> {
    Declared,
    Bytes(&'a [u8]),
    Fill(u64, &'a Fill<'a>),
}

impl<'a> SaveTensor<'a> {
    /// A tensor with these elements, of dtype [`T::DTYPE`](Element::DTYPE).
    pub fn new<T: Element>(name: &'a str, shape: &'a [u64], elements: &'a [T]) -> SaveTensor<'a> {
        SaveTensor::bytes(name, T::DTYPE, shape, bytes_of(elements))
    }

    /// A tensor with these bytes: little-endian, dense, in row-major order.
    pub fn bytes(name: &'a str, dtype: Dtype, shape: &'a [u64], bytes: &'a [u8]) -> SaveTensor<'a> {
        SaveTensor::with_content(name, dtype, shape, Content::Bytes(bytes))
    }

    /// A tensor of `nbytes` bytes that `fill` provides: it fills a buffer with the bytes at an
    /// offset, in ascending order, on the thread that saves.
    pub fn fill(
        name: &'a str,
        dtype: Dtype,
        shape: &'a [u64],
        nbytes: u64,
        fill: &'a dyn Fn(u64, &mut [u8]) -> io::Result<()>,
    ) -> SaveTensor<'a> {
        SaveTensor::with_content(name, dtype, shape, Content::Fill(nbytes, fill))
    }

    /// A tensor without bytes, for [`Writer::create`](crate::Writer::create).
    pub fn declare(name: &'a str, dtype: Dtype, shape: &'a [u64]) -> SaveTensor<'a> {
        SaveTensor::with_content(name, dtype, shape, Content::Declared)
    }

    fn with_content(
        name: &'a str,
        dtype: Dtype,
        shape: &'a [u64],
        content: Content<'a>,
    ) -> SaveTensor<'a> {
        SaveTensor {
            name,
            dtype,
            shape,
            content,
            storage_id: 0,
            storage_nbytes: 0,
        }
    }

    /// For [`save_set`]: the tensor shares `nbytes` bytes of memory (0: its own size) with those
    /// that have the same `id`, which is not 0. They get into the same shard.
    pub fn storage(mut self, id: u64, nbytes: u64) -> SaveTensor<'a> {
        self.storage_id = id;
        self.storage_nbytes = nbytes;
        self
    }

    /// The tensor for a writer.
    pub(crate) fn without_content(&self) -> SaveTensor<'a> {
        SaveTensor {
            content: Content::Declared,
            ..*self
        }
    }

    /// The tensor as the C ABI takes it, valid as long as `self`.
    fn as_raw(&self) -> sys::st_save_tensor {
        let mut raw = sys::st_save_tensor {
            dtype: self.dtype.code(),
            name: self.name.as_ptr().cast(),
            name_len: self.name.len() as u64,
            shape: self.shape.as_ptr(),
            rank: self.shape.len() as u64,
            storage_id: self.storage_id,
            storage_nbytes: self.storage_nbytes,
            ..Default::default()
        };
        match &self.content {
            Content::Declared => {}
            Content::Bytes(bytes) => {
                raw.nbytes = bytes.len() as u64;
                raw.data = bytes.as_ptr().cast();
            }
            Content::Fill(nbytes, fill) => {
                raw.nbytes = *nbytes;
                raw.fill = Some(callback::fill_shared::<&Fill>);
                raw.user_data = fill as *const &Fill as *mut c_void;
            }
        }
        raw
    }
}

impl fmt::Debug for SaveTensor<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SaveTensor")
            .field("name", &self.name)
            .field("dtype", &self.dtype)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

/// Calls `function` with the tensors and options as the C ABI takes them.
pub(crate) fn with_request<R>(
    tensors: &[SaveTensor<'_>],
    options: &SaveOptions<'_>,
    function: impl FnOnce(*const sys::st_save_tensor, u64, *const sys::st_save_options) -> R,
) -> R {
    let tensors: Vec<_> = tensors.iter().map(SaveTensor::as_raw).collect();
    options.with_raw(|options| function(tensors.as_ptr(), tensors.len() as u64, options))
}

/// Writes a file, and replaces the one at `path` atomically. The order of `tensors` does not matter:
/// equal input gives equal bytes.
///
/// ```no_run
/// use libsafetensors::{save, SaveOptions, SaveTensor};
///
/// let weight = SaveTensor::new("weight", &[2, 2], &[0f32, 1.0, 2.0, 3.0]);
/// save("model.safetensors", &[weight], &SaveOptions::new().metadata("format", "pt"))?;
/// # Ok::<(), libsafetensors::Error>(())
/// ```
pub fn save(
    path: impl AsRef<Path>,
    tensors: &[SaveTensor<'_>],
    options: &SaveOptions<'_>,
) -> Result<()> {
    let path = c_path(path.as_ref())?;
    // SAFETY: the request is valid during the call.
    with_request(tensors, options, |tensors, count, options| {
        call(|error| unsafe { sys::st_save(path.as_ptr(), tensors, count, options, error) })
    })
}

/// The size in bytes of the file that [`save`] would write.
pub fn save_size(tensors: &[SaveTensor<'_>], options: &SaveOptions<'_>) -> Result<u64> {
    let mut nbytes = 0;
    // SAFETY: the request and the outputs are valid during the call.
    with_request(tensors, options, |tensors, count, options| {
        call(|error| unsafe { sys::st_save_size(tensors, count, options, &mut nbytes, error) })
    })?;
    Ok(nbytes)
}

/// Writes the bytes of [`save`] into `buffer`, and returns their number. Fails with
/// [`Status::BufferTooSmall`](crate::Status::BufferTooSmall) before it writes anything.
pub fn save_into(
    tensors: &[SaveTensor<'_>],
    options: &SaveOptions<'_>,
    buffer: &mut [u8],
) -> Result<usize> {
    // SAFETY: the buffer is valid for writes.
    unsafe { save_memory(tensors, options, buffer.as_mut_ptr(), buffer.len()) }
}

/// The bytes of [`save`].
pub fn save_to_vec(tensors: &[SaveTensor<'_>], options: &SaveOptions<'_>) -> Result<Vec<u8>> {
    let nbytes = crate::element::count_in::<u8>(save_size(tensors, options)?)?;
    read_vec(nbytes, |buffer| {
        // SAFETY: the buffer has room for `nbytes` bytes.
        unsafe { save_memory(tensors, options, buffer, nbytes) }.map(drop)
    })
}

/// # Safety
/// `buffer` is valid for writes of `buffer_size` bytes.
unsafe fn save_memory(
    tensors: &[SaveTensor<'_>],
    options: &SaveOptions<'_>,
    buffer: *mut u8,
    buffer_size: usize,
) -> Result<usize> {
    let (mut nbytes, size) = (0, buffer_size as u64);
    with_request(tensors, options, |tensors, count, options| {
        call(|error| {
            let buffer = buffer.cast();
            sys::st_save_memory(tensors, count, options, buffer, size, &mut nbytes, error)
        })
    })?;
    Ok(nbytes as usize)
}

/// Writes the bytes of [`save`] to `sink`, in order. The buffers are the tensors' own memory:
/// nothing is copied. When it fails, the sink may have received a part of the bytes.
pub fn save_to<W: io::Write>(
    sink: &mut W,
    tensors: &[SaveTensor<'_>],
    options: &SaveOptions<'_>,
) -> Result<()> {
    let sink: *mut W = sink;
    // SAFETY: the request is valid during the call, which uses the sink exclusively.
    with_request(tensors, options, |tensors, count, options| {
        call(|error| unsafe {
            let write: sys::st_write_fn = Some(callback::write_all::<W>);
            sys::st_save_io(write, sink.cast(), tensors, count, options, error)
        })
    })
}

/// Writes tensors to `directory` as a set of shards and an index, or as one file if one shard holds
/// all. Readers of the index get the complete old or the complete new set at any time.
pub fn save_set(
    directory: impl AsRef<Path>,
    tensors: &[SaveTensor<'_>],
    set: &SetOptions<'_>,
    options: &SaveOptions<'_>,
) -> Result<()> {
    let directory = c_path(directory.as_ref())?;
    // SAFETY: the request is valid during the call.
    with_request(tensors, options, |tensors, count, options| {
        set.with_raw(|set| {
            call(|error| unsafe {
                sys::st_save_set(directory.as_ptr(), tensors, count, set, options, error)
            })
        })
    })
}
