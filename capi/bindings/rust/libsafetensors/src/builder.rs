//! `Builder`: tensors that are collected one at a time.

use crate::callback;
use crate::dlpack::Managed;
use crate::element::{bytes_of, count_in, read_vec};
use crate::error::{c_path, call, Result};
use crate::{Dlpack, Dtype, Element, SaveOptions, SetOptions, Writer};
use safetensors_sys as sys;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::raw::c_void;
use std::path::Path;
use std::ptr::{self, NonNull};

/// A fill callback on the heap; its address does not change when the builder moves.
type OwnedFill<'data> = Box<dyn Fn(u64, &mut [u8]) -> io::Result<()> + Send + 'data>;

/// Collects tensors and metadata, and saves them. Names, shapes, keys and values are copied; bytes
/// are borrowed during `'data`, unless they are copied.
///
/// ```
/// use libsafetensors::{Builder, File, SaveOptions};
///
/// let values = [0f32, 1.0, 2.0, 3.0];
/// let mut builder = Builder::new()?;
/// builder
///     .add("weight", &[2, 2], &values)?
///     .add_copy("bias", &[1], &[0.5f32])?
///     .metadata("format", "pt")?;
/// let file = File::from_bytes(builder.save_to_vec(&SaveOptions::new())?)?;
/// assert_eq!(file.len(), 2);
/// # Ok::<(), libsafetensors::Error>(())
/// ```
pub struct Builder<'data> {
    handle: NonNull<sys::st_builder>,
    fills: Vec<NonNull<OwnedFill<'data>>>,
    data: PhantomData<&'data [u8]>,
}

// SAFETY: the fill callbacks and the DLPack tensors that it owns are Send. It is not Sync, because
// saving calls the fill callbacks through a shared reference.
unsafe impl Send for Builder<'_> {}

impl<'data> Builder<'data> {
    /// An empty builder.
    pub fn new() -> Result<Builder<'data>> {
        let mut handle = ptr::null_mut();
        // SAFETY: the outputs are valid; the call sets the builder if it succeeds.
        unsafe {
            call(|error| sys::st_builder_new(&mut handle, error))?;
            Ok(Builder {
                handle: NonNull::new_unchecked(handle),
                fills: Vec::new(),
                data: PhantomData,
            })
        }
    }

    /// Adds a tensor with these elements, of dtype [`T::DTYPE`](Element::DTYPE). Duplicate names
    /// fail when saving.
    pub fn add<T: Element>(
        &mut self,
        name: &str,
        shape: &[u64],
        elements: &'data [T],
    ) -> Result<&mut Self> {
        self.add_bytes(name, T::DTYPE, shape, bytes_of(elements))
    }

    /// Adds a tensor with these bytes: little-endian, dense, in row-major order.
    pub fn add_bytes(
        &mut self,
        name: &str,
        dtype: Dtype,
        shape: &[u64],
        bytes: &'data [u8],
    ) -> Result<&mut Self> {
        // SAFETY: the bytes are valid as long as the builder.
        unsafe { self.add_with(sys::st_builder_add, name, dtype, shape, bytes) }
    }

    /// Adds a tensor and a copy of its elements.
    pub fn add_copy<T: Element>(
        &mut self,
        name: &str,
        shape: &[u64],
        elements: &[T],
    ) -> Result<&mut Self> {
        self.add_bytes_copy(name, T::DTYPE, shape, bytes_of(elements))
    }

    /// Adds a tensor and a copy of its bytes.
    pub fn add_bytes_copy(
        &mut self,
        name: &str,
        dtype: Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<&mut Self> {
        // SAFETY: the library copies the bytes during the call.
        unsafe { self.add_with(sys::st_builder_add_copy, name, dtype, shape, bytes) }
    }

    /// # Safety
    /// `bytes` are valid as long as `add` requires.
    unsafe fn add_with(
        &mut self,
        add: AddFunction,
        name: &str,
        dtype: Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<&mut Self> {
        call(|error| {
            add(
                self.handle.as_ptr(),
                name.as_ptr().cast(),
                name.len() as u64,
                dtype.code(),
                shape.as_ptr(),
                shape.len() as u64,
                bytes.as_ptr().cast(),
                bytes.len() as u64,
                error,
            )
        })?;
        Ok(self)
    }

    /// Adds a tensor of `nbytes` bytes that `fill` provides: it fills a buffer with the bytes at an
    /// offset, in ascending order, on the thread that saves.
    pub fn add_fill<F>(
        &mut self,
        name: &str,
        dtype: Dtype,
        shape: &[u64],
        nbytes: u64,
        fill: F,
    ) -> Result<&mut Self>
    where
        F: Fn(u64, &mut [u8]) -> io::Result<()> + Send + 'data,
    {
        let owned: OwnedFill<'data> = Box::new(fill);
        let owned = Box::into_raw(Box::new(owned));
        // SAFETY: `owned` comes from Box::into_raw.
        self.fills.push(unsafe { NonNull::new_unchecked(owned) });
        // SAFETY: `fills` owns the callback as long as the builder exists. One that is not added is
        // freed with the others.
        call(|error| unsafe {
            sys::st_builder_add_fill(
                self.handle.as_ptr(),
                name.as_ptr().cast(),
                name.len() as u64,
                dtype.code(),
                shape.as_ptr(),
                shape.len() as u64,
                nbytes,
                Some(callback::fill_shared::<OwnedFill<'data>>),
                owned.cast::<c_void>(),
                error,
            )
        })?;
        Ok(self)
    }

    /// Adds a tensor without bytes, for [`open_writer`](Builder::open_writer).
    pub fn declare(&mut self, name: &str, dtype: Dtype, shape: &[u64]) -> Result<&mut Self> {
        // SAFETY: the arguments are valid during the call.
        call(|error| unsafe {
            sys::st_builder_declare(
                self.handle.as_ptr(),
                name.as_ptr().cast(),
                name.len() as u64,
                dtype.code(),
                shape.as_ptr(),
                shape.len() as u64,
                error,
            )
        })?;
        Ok(self)
    }

    /// Adds a DLPack tensor in CPU memory, which the builder owns; it is released if this fails.
    ///
    /// Fails with [`Status::Dtype`](crate::Status::Dtype) for an element type that safetensors does
    /// not have, and with [`Status::Unsupported`](crate::Status::Unsupported) for memory of another
    /// device, other strides than those of row-major order, and padded sub-byte elements.
    pub fn add_dlpack<M: Managed>(
        &mut self,
        name: &str,
        tensor: Dlpack<'data, M>,
    ) -> Result<&mut Self> {
        let (start, len) = (name.as_ptr().cast(), name.len() as u64);
        // SAFETY: the tensor is valid as long as the builder.
        call(|error| unsafe { M::add(self.handle.as_ptr(), start, len, tensor.as_raw(), error) })?;
        // The builder releases the tensor.
        let _ = tensor.into_raw();
        Ok(self)
    }

    /// Adds a metadata entry. Duplicate keys fail when saving.
    pub fn metadata(&mut self, key: &str, value: &str) -> Result<&mut Self> {
        // SAFETY: the arguments are valid during the call.
        call(|error| unsafe {
            sys::st_builder_add_metadata(
                self.handle.as_ptr(),
                key.as_ptr().cast(),
                key.len() as u64,
                value.as_ptr().cast(),
                value.len() as u64,
                error,
            )
        })?;
        Ok(self)
    }
}

/// Saves. The file has the builder's metadata and that of the options. The builder is unchanged and
/// can save again.
impl Builder<'_> {
    /// Writes a file, as [`save`](crate::save).
    pub fn save(&self, path: impl AsRef<Path>, options: &SaveOptions<'_>) -> Result<()> {
        let (builder, path) = (self.handle.as_ptr(), c_path(path.as_ref())?);
        // SAFETY: the builder, the path and the options are valid.
        options.with_raw(|options| {
            call(|error| unsafe { sys::st_builder_save(builder, path.as_ptr(), options, error) })
        })
    }

    /// The size in bytes of the file, also of tensors without bytes.
    pub fn save_size(&self, options: &SaveOptions<'_>) -> Result<u64> {
        let (builder, mut nbytes) = (self.handle.as_ptr(), 0);
        // SAFETY: the builder, the options and the outputs are valid.
        options.with_raw(|options| {
            call(|error| unsafe { sys::st_builder_save_size(builder, options, &mut nbytes, error) })
        })?;
        Ok(nbytes)
    }

    /// Writes the bytes of the file into `buffer`, as [`save_into`](crate::save_into).
    pub fn save_into(&self, options: &SaveOptions<'_>, buffer: &mut [u8]) -> Result<usize> {
        // SAFETY: the buffer is valid for writes.
        unsafe { self.save_memory(options, buffer.as_mut_ptr(), buffer.len()) }
    }

    /// The bytes of the file.
    pub fn save_to_vec(&self, options: &SaveOptions<'_>) -> Result<Vec<u8>> {
        let nbytes = count_in::<u8>(self.save_size(options)?)?;
        read_vec(nbytes, |buffer| {
            // SAFETY: the buffer has room for `nbytes` bytes.
            unsafe { self.save_memory(options, buffer, nbytes) }.map(drop)
        })
    }

    /// # Safety
    /// `buffer` is valid for writes of `size` bytes.
    unsafe fn save_memory(
        &self,
        options: &SaveOptions<'_>,
        buffer: *mut u8,
        size: usize,
    ) -> Result<usize> {
        let (builder, mut nbytes) = (self.handle.as_ptr(), 0);
        options.with_raw(|options| {
            call(|error| {
                let (buffer, size) = (buffer.cast(), size as u64);
                sys::st_builder_save_memory(builder, options, buffer, size, &mut nbytes, error)
            })
        })?;
        Ok(nbytes as usize)
    }

    /// Writes the bytes of the file to `sink`, as [`save_to`](crate::save_to).
    pub fn save_to<W: io::Write>(&self, sink: &mut W, options: &SaveOptions<'_>) -> Result<()> {
        let (builder, sink) = (self.handle.as_ptr(), sink as *mut W);
        // SAFETY: the builder and the options are valid, and the call uses the sink exclusively.
        options.with_raw(|options| {
            call(|error| unsafe {
                let write: sys::st_write_fn = Some(callback::write_all::<W>);
                sys::st_builder_save_io(builder, write, sink.cast(), options, error)
            })
        })
    }

    /// Writes a set, as [`save_set`](crate::save_set).
    pub fn save_set(
        &self,
        directory: impl AsRef<Path>,
        set: &SetOptions<'_>,
        options: &SaveOptions<'_>,
    ) -> Result<()> {
        let (builder, path) = (self.handle.as_ptr(), c_path(directory.as_ref())?);
        set.with_raw(|set| {
            options.with_raw(|options| {
                // SAFETY: the builder, the path and the options are valid.
                call(|error| unsafe {
                    sys::st_builder_save_set(builder, path.as_ptr(), set, options, error)
                })
            })
        })
    }

    /// Creates a writer of the tensors, whose bytes are ignored; an index is the number of tensors
    /// that were added before.
    pub fn open_writer(&self, path: impl AsRef<Path>, options: &SaveOptions<'_>) -> Result<Writer> {
        let (builder, path) = (self.handle.as_ptr(), c_path(path.as_ref())?);
        // SAFETY: the builder, the path and the options are valid.
        options.with_raw(|options| unsafe {
            Writer::open(|writer, error| {
                sys::st_builder_open_writer(builder, path.as_ptr(), options, writer, error)
            })
        })
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        // SAFETY: the pointers come from Box::into_raw, and the library calls no callback anymore.
        let fills = self.fills.drain(..);
        let fills: Vec<_> = fills
            .map(|fill| unsafe { Box::from_raw(fill.as_ptr()) })
            .collect();
        // SAFETY: the builder is freed once. Releasing its DLPack tensors can panic.
        callback::run(|| unsafe { sys::st_builder_free(self.handle.as_ptr()) });
        drop(fills);
    }
}

impl fmt::Debug for Builder<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").finish_non_exhaustive()
    }
}

/// `st_builder_add` or `st_builder_add_copy`.
type AddFunction = unsafe extern "C" fn(
    *mut sys::st_builder,
    *const std::os::raw::c_char,
    u64,
    u32,
    *const u64,
    u64,
    *const c_void,
    u64,
    *mut sys::st_error,
) -> sys::st_status;
