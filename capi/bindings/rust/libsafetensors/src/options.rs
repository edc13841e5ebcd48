//! `OpenOptions`: how files are opened.

use crate::callback;
use crate::error::{c_path, call, Result};
use crate::{File, ReadAt};
use safetensors_sys as sys;
use std::mem;
use std::os::raw::c_void;
use std::os::unix::io::{AsFd, AsRawFd};
use std::path::Path;
use std::ptr;

/// How the library reads a path or a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Map the file; read it on network file systems, on FUSE and where mapping fails.
    Auto,
    /// Map the file: no copy.
    Mmap,
    /// Read into memory when data is requested.
    Pread,
}

/// How strictly a header is validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strictness {
    /// Accept what the reference implementation accepts.
    Compatible,
    /// Also reject white space before the header's `{`, padding other than spaces, unknown fields
    /// of a tensor, and null metadata.
    Strict,
}

/// Whether the bytes of tensors may be modified, in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Tensors are read-only.
    ReadOnly,
    /// [`File::get_mut`] and [`Tensor::as_mut_ptr`](crate::Tensor::as_mut_ptr) are available. A
    /// write never changes the file or the program's memory.
    Writable,
}

/// Which tensors of its shards a set has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetPolicy {
    /// Those that the index assigns to a shard, each from that shard.
    Index,
    /// All tensors of all shards of the index; if several shards have a name, the one that the
    /// index assigns to its shard.
    All,
}

/// What [`File::get`] returns for a tensor that the file does not align to its element size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unaligned {
    /// The file's own bytes, at any address: [`Tensor::as_slice`](crate::Tensor::as_slice) fails.
    Allow,
    /// A copy, aligned to 64 bytes.
    Copy,
}

/// Options of opening, and the functions that open with them.
///
/// ```no_run
/// use libsafetensors::{OpenOptions, Strictness};
///
/// let file = OpenOptions::new()
///     .strictness(Strictness::Strict)
///     .open("model.safetensors")?;
/// # Ok::<(), libsafetensors::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct OpenOptions(sys::st_open_options);

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

impl OpenOptions {
    /// The defaults: [`Backend::Pread`], [`Strictness::Compatible`], [`Access::ReadOnly`],
    /// [`SetPolicy::Index`], [`Unaligned::Copy`], headers of at most 100,000,000 bytes.
    pub fn new() -> OpenOptions {
        OpenOptions(sys::st_open_options {
            backend: sys::ST_BACKEND_PREAD,
            unaligned: sys::ST_UNALIGNED_COPY,
            ..Default::default()
        })
    }

    /// Selects how paths and descriptors are read.
    ///
    /// # Safety
    ///
    /// The bytes of a mapped file are referred to as `&[u8]` while another program can modify them.
    /// With [`Backend::Auto`] and [`Backend::Mmap`] the caller ensures that nobody modifies or
    /// truncates the files, in place, while a [`File`] or a [`Tensor`](crate::Tensor) of them
    /// exists. Replacing a file by rename, as this crate saves, is not a modification.
    pub unsafe fn backend(mut self, backend: Backend) -> OpenOptions {
        self.0.backend = match backend {
            Backend::Auto => sys::ST_BACKEND_AUTO,
            Backend::Mmap => sys::ST_BACKEND_MMAP,
            Backend::Pread => sys::ST_BACKEND_PREAD,
        };
        self
    }

    /// Selects how strictly headers are validated.
    pub fn strictness(mut self, strictness: Strictness) -> OpenOptions {
        self.0.strictness = match strictness {
            Strictness::Compatible => sys::ST_STRICTNESS_COMPATIBLE,
            Strictness::Strict => sys::ST_STRICTNESS_STRICT,
        };
        self
    }

    /// Selects whether the bytes of tensors may be modified.
    pub fn access(mut self, access: Access) -> OpenOptions {
        self.0.access = match access {
            Access::ReadOnly => sys::ST_ACCESS_READ_ONLY,
            Access::Writable => sys::ST_ACCESS_WRITABLE,
        };
        self
    }

    /// Limits the size of the header in bytes, at most to 100,000,000; 0 is that limit.
    pub fn max_header_size(mut self, nbytes: u64) -> OpenOptions {
        self.0.max_header_size = nbytes;
        self
    }

    /// Selects the tensors of a set.
    pub fn set_policy(mut self, policy: SetPolicy) -> OpenOptions {
        self.0.set_policy = match policy {
            SetPolicy::Index => sys::ST_SET_INDEX,
            SetPolicy::All => sys::ST_SET_ALL,
        };
        self
    }

    /// Selects what [`File::get`] returns for tensors that the file does not align.
    pub fn unaligned(mut self, unaligned: Unaligned) -> OpenOptions {
        self.0.unaligned = match unaligned {
            Unaligned::Allow => sys::ST_UNALIGNED_ALLOW,
            Unaligned::Copy => sys::ST_UNALIGNED_COPY,
        };
        self
    }

    /// As [`File::open`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File<'static>> {
        let path = c_path(path.as_ref())?;
        // SAFETY: the path is NUL-terminated.
        self.open_with(false, |options, file, error| unsafe {
            sys::st_open(path.as_ptr(), options, file, error)
        })
    }

    /// As [`File::open_set`].
    pub fn open_set(&self, path: impl AsRef<Path>) -> Result<File<'static>> {
        let path = c_path(path.as_ref())?;
        // SAFETY: the path is NUL-terminated.
        self.open_with(false, |options, file, error| unsafe {
            sys::st_open_set(path.as_ptr(), options, file, error)
        })
    }

    /// As [`File::open_fd`].
    pub fn open_fd(&self, fd: impl AsFd) -> Result<File<'static>> {
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: the descriptor is open during the call, which duplicates it.
        self.open_with(false, |options, file, error| unsafe {
            sys::st_open_fd(fd, options, file, error)
        })
    }

    /// As [`File::from_bytes`].
    pub fn from_bytes<'data, B>(&self, bytes: B) -> Result<File<'data>>
    where
        B: AsRef<[u8]> + Send + 'data,
    {
        let owner = Owner::new(bytes);
        // SAFETY: `owner` is valid until it is freed, and only shared references exist meanwhile.
        let bytes = unsafe { (*owner.0).as_ref() };
        // SAFETY: `owner` and so the bytes are valid until the library calls release.
        let file = self.open_with(true, |options, file, error| unsafe {
            let data = bytes.as_ptr().cast::<c_void>();
            let release: sys::st_release_fn = Some(callback::release::<B>);
            let nbytes = bytes.len() as u64;
            sys::st_open_memory(data, nbytes, release, owner.0.cast(), options, file, error)
        })?;
        mem::forget(owner);
        Ok(file)
    }

    /// As [`File::copy_bytes`].
    pub fn copy_bytes(&self, bytes: &[u8]) -> Result<File<'static>> {
        // SAFETY: the library copies the bytes during the call.
        self.open_with(true, |options, file, error| unsafe {
            let data = bytes.as_ptr().cast::<c_void>();
            sys::st_open_memory_copy(data, bytes.len() as u64, options, file, error)
        })
    }

    /// As [`File::from_reader`].
    pub fn from_reader<'data, R: ReadAt + 'data>(&self, reader: R) -> Result<File<'data>> {
        let nbytes = reader.nbytes();
        let owner = Owner::new(reader);
        let io = sys::st_io {
            nbytes,
            read_at: Some(callback::read_at::<R>),
            release: Some(callback::release::<R>),
            user_data: owner.0.cast(),
            ..Default::default()
        };
        // SAFETY: `owner` is valid until the library calls release, and R is Sync.
        let file = self.open_with(true, |options, file, error| unsafe {
            sys::st_open_io(&io, options, file, error)
        })?;
        mem::forget(owner);
        Ok(file)
    }

    /// Opens with the library's function. `unmapped`: the source is never mapped.
    fn open_with<'data>(
        &self,
        unmapped: bool,
        open: impl FnOnce(
            *const sys::st_open_options,
            *mut *mut sys::st_file,
            *mut sys::st_error,
        ) -> sys::st_status,
    ) -> Result<File<'data>> {
        let mut file = ptr::null_mut();
        call(|error| open(&self.0, &mut file, error))?;
        let unmapped = unmapped || self.0.backend == sys::ST_BACKEND_PREAD;
        // SAFETY: the call succeeded, so that `file` is a new reference.
        Ok(unsafe { File::from_handle(file, unmapped) })
    }
}

/// The source of a file on the heap, until the library owns it: if opening fails or a callback
/// panics, the library does not call its release.
struct Owner<T>(*mut T);

impl<T> Owner<T> {
    fn new(source: T) -> Owner<T> {
        Owner(Box::into_raw(Box::new(source)))
    }
}

impl<T> Drop for Owner<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer comes from Box::into_raw, and nothing else refers to the source.
        drop(unsafe { Box::from_raw(self.0) });
    }
}
