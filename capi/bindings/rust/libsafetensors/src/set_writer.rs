//! `SetWriter`: a set that is written one tensor at a time.

use crate::callback;
use crate::element::bytes_of;
use crate::error::{c_path, call, Result};
use crate::{Dtype, Element, SaveOptions, SetOptions};
use safetensors_sys as sys;
use std::fmt;
use std::io;
use std::path::Path;
use std::ptr::{self, NonNull};

/// Writes a set one tensor at a time, in constant memory. Nothing that a reader takes for a set
/// exists before [`commit`](SetWriter::commit).
///
/// With [`SetOptions::resume`], a writer that is dropped without a commit keeps its complete shards,
/// and a later writer of the same set reuses them: the program adds the same tensors in the same
/// order, and [`add_fill`](SetWriter::add_fill) does not ask for the bytes of those in complete
/// shards.
///
/// ```no_run
/// use libsafetensors::{SaveOptions, SetOptions, SetWriter};
///
/// let set = SetOptions::new().max_shard_size(2_000_000);
/// let mut writer = SetWriter::create("model", &set, &SaveOptions::new())?;
/// let layer = vec![0f32; 300_000];
/// for name in ["layer.0", "layer.1", "layer.2"] {
///     writer.add(name, &[300_000], &layer)?;
/// }
/// writer.commit()?;
/// # Ok::<(), libsafetensors::Error>(())
/// ```
pub struct SetWriter(NonNull<sys::st_set_writer>);

// SAFETY: the library copies what it needs, and any thread may use the writer, one at a time.
unsafe impl Send for SetWriter {}

impl SetWriter {
    /// Creates the writer of a set in `directory`, which is created if it does not exist. The
    /// progress callback is ignored.
    pub fn create(
        directory: impl AsRef<Path>,
        set: &SetOptions<'_>,
        options: &SaveOptions<'_>,
    ) -> Result<SetWriter> {
        let directory = c_path(directory.as_ref())?;
        let mut writer = ptr::null_mut();
        set.with_raw(|set| {
            options.without_progress().with_raw(|options| {
                // SAFETY: the options and the outputs are valid during the call.
                call(|error| unsafe {
                    sys::st_set_writer_open(directory.as_ptr(), set, options, &mut writer, error)
                })
            })
        })?;
        // SAFETY: the call succeeded, so that `writer` is a new writer.
        Ok(SetWriter(unsafe { NonNull::new_unchecked(writer) }))
    }

    /// Adds a tensor with these elements, which are written before the call returns.
    ///
    /// After a failure with [`Status::Io`](crate::Status::Io) the writer is unusable; after others
    /// it is unchanged.
    pub fn add<T: Element>(&mut self, name: &str, shape: &[u64], elements: &[T]) -> Result<()> {
        self.add_bytes(name, T::DTYPE, shape, bytes_of(elements))
    }

    /// Adds a tensor with these bytes, as [`add`](SetWriter::add).
    pub fn add_bytes(
        &mut self,
        name: &str,
        dtype: Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        // SAFETY: the writer and the arguments are valid during the call.
        call(|error| unsafe {
            sys::st_set_writer_add(
                self.0.as_ptr(),
                name.as_ptr().cast(),
                name.len() as u64,
                dtype.code(),
                shape.as_ptr(),
                shape.len() as u64,
                bytes.as_ptr().cast(),
                bytes.len() as u64,
                error,
            )
        })
    }

    /// Adds a tensor of `nbytes` bytes that `fill` provides: it fills a buffer with the bytes at an
    /// offset, in ascending order, in pieces of at most 4 MiB. It is not called if a complete shard
    /// has the tensor already.
    pub fn add_fill<F>(
        &mut self,
        name: &str,
        dtype: Dtype,
        shape: &[u64],
        nbytes: u64,
        mut fill: F,
    ) -> Result<()>
    where
        F: FnMut(u64, &mut [u8]) -> io::Result<()>,
    {
        let user_data: *mut F = &mut fill;
        // SAFETY: the writer and the arguments are valid during the call, which uses `fill`
        // exclusively.
        call(|error| unsafe {
            sys::st_set_writer_add_fill(
                self.0.as_ptr(),
                name.as_ptr().cast(),
                name.len() as u64,
                dtype.code(),
                shape.as_ptr(),
                shape.len() as u64,
                nbytes,
                Some(callback::fill_exclusive::<F>),
                user_data.cast(),
                error,
            )
        })
    }

    /// Whether a complete shard that `resume` found has the tensor, so that its bytes are not
    /// needed.
    pub fn has_tensor(&self, name: &str) -> bool {
        let (start, len) = (name.as_ptr().cast(), name.len() as u64);
        // SAFETY: the writer and the name are valid.
        unsafe { sys::st_set_writer_has_tensor(self.0.as_ptr(), start, len) != 0 }
    }

    /// Publishes the set, as [`save_set`](crate::save_set) does. Afterwards the writer cannot be
    /// used.
    pub fn commit(&mut self) -> Result<()> {
        // SAFETY: the writer is valid.
        call(|error| unsafe { sys::st_set_writer_commit(self.0.as_ptr(), error) })
    }
}

impl Drop for SetWriter {
    fn drop(&mut self) {
        // SAFETY: the writer is freed once.
        unsafe { sys::st_set_writer_free(self.0.as_ptr()) };
    }
}

impl fmt::Debug for SetWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SetWriter").finish_non_exhaustive()
    }
}
