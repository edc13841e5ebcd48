//! The properties of a file that are neither tensors nor metadata: its size, its identity, its
//! shards.

use crate::error::{call, Result};
use crate::info::text;
use crate::{File, Identity, Location, Shard, Status};
use safetensors_sys as sys;
use std::ffi::{CStr, OsStr};
use std::os::raw::c_char;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::io::BorrowedFd;
use std::path::Path;
use std::ptr;

/// # Safety
/// `path` is NUL-terminated and valid during `'file`.
unsafe fn path_of<'file>(path: *const c_char) -> &'file Path {
    Path::new(OsStr::from_bytes(CStr::from_ptr(path).to_bytes()))
}

/// Properties.
impl File<'_> {
    /// The size of the file in bytes; for a set, the sum of its shards' sizes.
    pub fn nbytes(&self) -> u64 {
        // SAFETY: the handle is valid.
        unsafe { sys::st_file_size(self.as_raw()) }
    }

    /// The offset of the tensor data: the size of the header and of the 8 bytes before it; 0 for a
    /// set of several shards.
    pub fn data_offset(&self) -> u64 {
        // SAFETY: the handle is valid.
        unsafe { sys::st_file_data_offset(self.as_raw()) }
    }

    /// Whether the file is mapped, so that tensor bytes are pages of the file.
    pub fn is_mapped(&self) -> bool {
        // SAFETY: the handle is valid.
        unsafe { sys::st_file_is_mapped(self.as_raw()) != 0 }
    }

    /// The identity of the file, as it was opened.
    pub fn identity(&self) -> Result<Identity> {
        let mut identity = sys::st_identity::default();
        // SAFETY: the handle and the outputs are valid.
        call(|error| unsafe { sys::st_file_identity(self.as_raw(), &mut identity, error) })?;
        Ok(Identity {
            device: identity.device,
            inode: identity.inode,
            nbytes: identity.nbytes,
            header_nbytes: identity.header_nbytes,
        })
    }

    /// Fails with [`Status::Truncated`] or [`Status::Changed`] if the file's size or modification
    /// time differs from when it was opened. A file that was replaced by rename is unchanged.
    pub fn verify_unchanged(&self) -> Result<()> {
        // SAFETY: the handle is valid.
        call(|error| unsafe { sys::st_file_verify_unchanged(self.as_raw(), error) })
    }

    /// Whether another file has taken the path from which this one was opened: a server calls it
    /// at intervals, and opens the path again. A path that names nothing has not been taken. Of a
    /// set, the index and every shard count. `false` for a file without a path. Fails with
    /// [`Status::Permission`] or [`Status::Io`].
    ///
    /// ```no_run
    /// # use libsafetensors::{File, Result};
    /// # fn main() -> Result<()> {
    /// let mut model = File::open("model.safetensors")?;
    /// if model.is_replaced()? {
    ///     model = File::open("model.safetensors")?;
    /// }
    /// # drop(model);
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_replaced(&self) -> Result<bool> {
        let mut replaced = 0;
        // SAFETY: the handle and the outputs are valid.
        call(|error| unsafe { sys::st_file_is_replaced(self.as_raw(), &mut replaced, error) })?;
        Ok(replaced != 0)
    }
}

/// Shards.
impl File<'_> {
    /// The number of shards; 1 for a file that is not from [`File::open_set`].
    pub fn shard_count(&self) -> usize {
        // SAFETY: the handle is valid.
        unsafe { sys::st_shard_count(self.as_raw()) as usize }
    }

    /// The shard at `index`, in the order of the paths' bytes. Fails with [`Status::OutOfRange`].
    pub fn shard(&self, index: usize) -> Result<Shard<'_>> {
        let mut shard = sys::st_shard::default();
        // SAFETY: the handle and the outputs are valid; the path is valid as long as the handle.
        unsafe {
            call(|error| sys::st_shard_at(self.as_raw(), index as u64, &mut shard, error))?;
            Ok(Shard {
                path: path_of(shard.path),
                first_offset: shard.first_offset,
                nbytes: shard.nbytes,
                tensor_count: shard.tensor_count,
            })
        }
    }

    /// Where a tensor's bytes are. Fails with [`Status::TensorNotFound`].
    pub fn location(&self, name: &str) -> Result<Location<'_>> {
        let mut location = sys::st_location::default();
        let (start, len) = (name.as_ptr().cast(), name.len() as u64);
        // SAFETY: the handle, the name and the outputs are valid; the path and the descriptor are
        // valid as long as the handle.
        unsafe {
            call(|error| sys::st_tensor_location(self.as_raw(), start, len, &mut location, error))?;
            Ok(Location {
                fd: (location.fd >= 0).then(|| BorrowedFd::borrow_raw(location.fd)),
                shard: location.shard,
                path: path_of(location.path),
                file_offset: location.file_offset,
                nbytes: location.nbytes,
            })
        }
    }

    /// The "metadata" of a set's index as the index has it, in JSON; `None` if it has none.
    pub fn index_metadata(&self) -> Result<Option<&str>> {
        let (mut start, mut len) = (ptr::null(), 0);
        // SAFETY: the handle and the outputs are valid.
        let found = call(|error| unsafe {
            sys::st_file_index_metadata(self.as_raw(), &mut start, &mut len, error)
        });
        match found {
            // SAFETY: the text is valid as long as the handle.
            Ok(()) => Ok(Some(unsafe { text(start, len) })),
            Err(error) if error.status() == Status::MetadataNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
