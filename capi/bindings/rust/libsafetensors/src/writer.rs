//! `Writer`: a file whose bytes are written in any order.

use crate::error::{c_path, call, Result};
use crate::save::with_request;
use crate::{SaveOptions, SaveTensor};
use safetensors_sys as sys;
use std::fmt;
use std::path::Path;
use std::ptr::{self, NonNull};

/// Writes a file whose tensors are declared first and whose bytes follow in any order. Any number
/// of threads may write at once. The file at the path is unchanged before [`commit`](Writer::commit);
/// a writer that is dropped without it removes what it wrote.
///
/// ```no_run
/// use libsafetensors::{bytes_of, Dtype, SaveOptions, SaveTensor, Writer};
///
/// let declared = [SaveTensor::declare("weight", Dtype::F32, &[2, 3])];
/// let mut writer = Writer::create("model.safetensors", &declared, &SaveOptions::new())?;
/// let row = [0f32, 1.0, 2.0];
/// std::thread::scope(|scope| {
///     scope.spawn(|| writer.write(0, 12, bytes_of(&row)).unwrap());
///     scope.spawn(|| writer.write(0, 0, bytes_of(&row)).unwrap());
/// });
/// writer.commit()?;
/// # Ok::<(), libsafetensors::Error>(())
/// ```
pub struct Writer(NonNull<sys::st_writer>);

// SAFETY: the library copies what it needs, and any thread may use the writer.
unsafe impl Send for Writer {}
// SAFETY: any number of threads may call st_writer_write; commit needs exclusive access.
unsafe impl Sync for Writer {}

impl Writer {
    /// Creates the writer of a file. Bytes that `tensors` have are ignored. Allocates the space of
    /// the file where the file system can.
    pub fn create(
        path: impl AsRef<Path>,
        tensors: &[SaveTensor<'_>],
        options: &SaveOptions<'_>,
    ) -> Result<Writer> {
        let path = c_path(path.as_ref())?;
        let declared: Vec<_> = tensors.iter().map(SaveTensor::without_content).collect();
        // SAFETY: the request is valid during the call.
        with_request(&declared, options, |tensors, count, options| unsafe {
            Writer::open(|writer, error| {
                sys::st_writer_open(path.as_ptr(), tensors, count, options, writer, error)
            })
        })
    }

    /// # Safety
    /// `open` is a function of the library that sets the writer if it succeeds.
    pub(crate) unsafe fn open(
        open: impl FnOnce(*mut *mut sys::st_writer, *mut sys::st_error) -> sys::st_status,
    ) -> Result<Writer> {
        let mut writer = ptr::null_mut();
        call(|error| open(&mut writer, error))?;
        Ok(Writer(NonNull::new_unchecked(writer)))
    }

    /// Writes `bytes` at `offset` bytes of the tensor at `index` of the declared tensors. Bytes may
    /// be written again: the last write counts. Fails with
    /// [`Status::OutOfRange`](crate::Status::OutOfRange), and with
    /// [`Status::Io`](crate::Status::Io), after which the bytes count as missing.
    pub fn write(&self, index: usize, offset: u64, bytes: &[u8]) -> Result<()> {
        let (data, nbytes) = (bytes.as_ptr().cast(), bytes.len() as u64);
        // SAFETY: the writer is valid, and the bytes are valid during the call.
        call(|error| unsafe {
            sys::st_writer_write(self.0.as_ptr(), index as u64, offset, data, nbytes, error)
        })
    }

    /// Replaces the file at the path.
    ///
    /// Fails with [`Status::Incomplete`](crate::Status::Incomplete) while bytes are missing:
    /// [`Error::position`](crate::Error::position) is the first missing byte of the first tensor
    /// that lacks some, and the writer can go on. After success or another error it cannot be used.
    pub fn commit(&mut self) -> Result<()> {
        // SAFETY: the writer is valid, and no other thread uses it.
        call(|error| unsafe { sys::st_writer_commit(self.0.as_ptr(), error) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: the writer is freed once.
        unsafe { sys::st_writer_free(self.0.as_ptr()) };
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Writer").finish_non_exhaustive()
    }
}
