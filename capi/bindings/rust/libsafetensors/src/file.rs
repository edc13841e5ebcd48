//! `File`: a validated safetensors file or set.

use crate::callback;
use crate::error::{call, Error, Result};
use crate::info::text;
use crate::{MetadataForm, OpenOptions, Order, ReadAt, Status, Tensor, TensorInfo, TensorMut};
use safetensors_sys as sys;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::os::unix::io::AsFd;
use std::path::Path;
use std::ptr::{self, NonNull};

/// A validated safetensors file, or a set of them.
///
/// `'data` is the lifetime of what the file borrows: `'static` for paths, descriptors and memory
/// of its own. A clone is another reference to the same file. Any number of threads may use a file.
pub struct File<'data> {
    handle: NonNull<sys::st_file>,
    /// Whether the file is read instead of mapped, so that tensors share no memory if they are writable.
    unmapped: bool,
    data: PhantomData<&'data [u8]>,
}

// SAFETY: handles are immutable, their reference counts are atomic, and what the file owns or
// borrows may be used and dropped on any thread: OpenOptions requires it.
unsafe impl Send for File<'_> {}
// SAFETY: as above.
unsafe impl Sync for File<'_> {}

/// Open.
impl File<'static> {
    /// Opens a file and validates its header. Tensors are read into memory when they are requested.
    pub fn open(path: impl AsRef<Path>) -> Result<File<'static>> {
        OpenOptions::new().open(path)
    }

    /// Opens a file and maps it, so that tensors are its pages and nothing is copied; on network
    /// file systems, on FUSE and where mapping fails, as [`File::open`].
    ///
    /// # Safety
    ///
    /// Nobody modifies or truncates the file in place while it or a tensor of it exists, as
    /// described at [`OpenOptions::backend`].
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<File<'static>> {
        OpenOptions::new().backend(crate::Backend::Auto).open(path)
    }

    /// Opens a set, a model in one or more files: `path` is its index (`*.json`), its directory or
    /// its only file. The set is used as one file, the concatenation of its shards.
    pub fn open_set(path: impl AsRef<Path>) -> Result<File<'static>> {
        OpenOptions::new().open_set(path)
    }

    /// Opens a set and maps its files.
    ///
    /// # Safety
    ///
    /// As [`File::map`], for every file of the set.
    pub unsafe fn map_set(path: impl AsRef<Path>) -> Result<File<'static>> {
        let options = OpenOptions::new().backend(crate::Backend::Auto);
        options.open_set(path)
    }

    /// Opens the regular file of a descriptor, such as a [`std::fs::File`]. The library duplicates
    /// the descriptor, and neither uses nor changes its offset.
    pub fn open_fd(fd: impl AsFd) -> Result<File<'static>> {
        OpenOptions::new().open_fd(fd)
    }

    /// Opens a copy of bytes in memory.
    pub fn copy_bytes(bytes: &[u8]) -> Result<File<'static>> {
        OpenOptions::new().copy_bytes(bytes)
    }
}

impl<'data> File<'data> {
    /// Opens bytes in memory without copying them: an owner such as `Vec<u8>` or `Arc<[u8]>`, which
    /// is dropped with the last reference to the file and its tensors, or a borrow.
    ///
    /// ```
    /// use libsafetensors::{save_to_vec, File, SaveOptions, SaveTensor};
    ///
    /// let tensor = SaveTensor::new("x", &[2], &[0.5f32, 1.5]);
    /// let bytes = save_to_vec(&[tensor], &SaveOptions::new())?;
    /// let x = File::from_bytes(&bytes)?.get("x")?;
    /// assert_eq!(x.as_slice::<f32>()?, [0.5, 1.5]);
    /// # Ok::<(), libsafetensors::Error>(())
    /// ```
    pub fn from_bytes<B>(bytes: B) -> Result<File<'data>>
    where
        B: AsRef<[u8]> + Send + 'data,
    {
        OpenOptions::new().from_bytes(bytes)
    }

    /// Opens a file that the program reads: a member of an archive, an object of a store.
    pub fn from_reader<R: ReadAt + 'data>(reader: R) -> Result<File<'data>> {
        OpenOptions::new().from_reader(reader)
    }

    /// # Safety
    /// `handle` is a reference that the result releases, valid during `'data`.
    pub(crate) unsafe fn from_handle(handle: *mut sys::st_file, unmapped: bool) -> File<'data> {
        File {
            handle: NonNull::new_unchecked(handle),
            unmapped,
            data: PhantomData,
        }
    }

    /// Takes over a reference to a file of the C ABI.
    ///
    /// # Safety
    ///
    /// `handle` is a valid reference that nothing else releases, and what it refers to is valid
    /// during `'data` and may be used on any thread.
    pub unsafe fn from_raw(handle: NonNull<sys::st_file>) -> File<'data> {
        File::from_handle(handle.as_ptr(), false)
    }

    /// The file of the C ABI, valid as long as `self`.
    #[inline]
    pub fn as_raw(&self) -> *mut sys::st_file {
        self.handle.as_ptr()
    }

    /// Gives the reference to the caller, who releases it with `st_close` before `'data` ends.
    pub fn into_raw(self) -> NonNull<sys::st_file> {
        ManuallyDrop::new(self).handle
    }
}

/// Tensors.
impl<'data> File<'data> {
    /// The number of tensors.
    pub fn len(&self) -> usize {
        // SAFETY: the handle is valid.
        unsafe { sys::st_file_tensor_count(self.as_raw()) as usize }
    }

    /// Whether the file has no tensors.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the file has a tensor with this name.
    #[inline]
    pub fn contains(&self, name: &str) -> bool {
        // SAFETY: the handle and the name are valid.
        unsafe {
            sys::st_file_has_tensor(self.as_raw(), name.as_ptr().cast(), name.len() as u64) != 0
        }
    }

    /// The tensor with this name.
    #[inline]
    pub fn find(&self, name: &str) -> Option<TensorInfo<'_>> {
        let mut info = sys::st_tensor_info::default();
        // SAFETY: the handle and the name are valid, and the error may be NULL.
        unsafe {
            let (start, len) = (name.as_ptr().cast(), name.len() as u64);
            let status =
                sys::st_file_find_tensor(self.as_raw(), start, len, &mut info, ptr::null_mut());
            (status == sys::ST_OK).then(|| TensorInfo::from_raw(&info))
        }
    }

    /// The tensor with this name. Fails with [`Status::TensorNotFound`].
    pub fn info(&self, name: &str) -> Result<TensorInfo<'_>> {
        let mut info = sys::st_tensor_info::default();
        // SAFETY: the handle, the name and the outputs are valid.
        unsafe {
            let (start, len) = (name.as_ptr().cast(), name.len() as u64);
            call(|error| sys::st_file_find_tensor(self.as_raw(), start, len, &mut info, error))?;
            Ok(TensorInfo::from_raw(&info))
        }
    }

    /// The tensor at `index` in `order`. Fails with [`Status::OutOfRange`].
    pub fn info_at(&self, order: Order, index: usize) -> Result<TensorInfo<'_>> {
        let mut info = sys::st_tensor_info::default();
        // SAFETY: the handle and the outputs are valid.
        unsafe {
            call(|error| {
                let order = order.code();
                sys::st_file_tensor_at(self.as_raw(), order, index as u64, &mut info, error)
            })?;
            Ok(TensorInfo::from_raw(&info))
        }
    }

    /// The tensor with this name and its bytes, which stay valid after the file is dropped: without
    /// a copy from mapped files and memory, otherwise read into memory.
    #[inline]
    pub fn get(&self, name: &str) -> Result<Tensor<'data>> {
        let mut tensor = ptr::null_mut();
        let (start, len) = (name.as_ptr().cast(), name.len() as u64);
        // SAFETY: the handle, the name and the outputs are valid; `tensor` is a new reference.
        unsafe {
            call(|error| sys::st_get_tensor(self.as_raw(), start, len, &mut tensor, error))?;
            Ok(Tensor::from_handle(tensor))
        }
    }

    /// The tensor at `index` in `order` and its bytes, as [`File::get`].
    pub fn get_at(&self, order: Order, index: usize) -> Result<Tensor<'data>> {
        let mut tensor = ptr::null_mut();
        let (order, index) = (order.code(), index as u64);
        // SAFETY: the handle and the outputs are valid; `tensor` is a new reference.
        unsafe {
            call(|error| sys::st_get_tensor_at(self.as_raw(), order, index, &mut tensor, error))?;
            Ok(Tensor::from_handle(tensor))
        }
    }

    /// The tensor with this name in memory of its own, which the program may modify.
    ///
    /// The file was opened with [`Access::Writable`](crate::Access::Writable) and without a mapping:
    /// otherwise fails with [`Status::Unsupported`]. Tensors of a mapped file share their memory:
    /// see [`Tensor::as_mut_ptr`].
    pub fn get_mut(&self, name: &str) -> Result<TensorMut<'data>> {
        let tensor = self.get(name)?;
        match tensor.as_mut_ptr() {
            Some(_) if self.unmapped => Ok(TensorMut::new(tensor)),
            Some(_) => Err(Error::new(
                Status::Unsupported,
                "the tensors of a mapped file share their memory",
            )),
            None => Err(Error::new(
                Status::Unsupported,
                "the file was opened with read-only access",
            )),
        }
    }
}

/// Metadata.
impl File<'_> {
    /// The number of metadata entries.
    pub fn metadata_len(&self) -> usize {
        // SAFETY: the handle is valid.
        unsafe { sys::st_file_metadata_count(self.as_raw()) as usize }
    }

    /// The metadata entry at `index`, as key and value, ordered by the bytes of the key. Fails with
    /// [`Status::OutOfRange`].
    pub fn metadata_at(&self, index: usize) -> Result<(&str, &str)> {
        let mut entry = sys::st_metadata_entry::default();
        // SAFETY: the handle and the outputs are valid.
        unsafe {
            call(|error| sys::st_file_metadata_at(self.as_raw(), index as u64, &mut entry, error))?;
            let key = text(entry.key, entry.key_len);
            Ok((key, text(entry.value, entry.value_len)))
        }
    }

    /// The value of a metadata key.
    pub fn metadata_value(&self, key: &str) -> Option<&str> {
        let (mut value, mut value_len) = (ptr::null(), 0);
        // SAFETY: the handle and the key are valid, and the error may be NULL.
        unsafe {
            let status = sys::st_file_find_metadata(
                self.as_raw(),
                key.as_ptr().cast(),
                key.len() as u64,
                &mut value,
                &mut value_len,
                ptr::null_mut(),
            );
            (status == sys::ST_OK).then(|| text(value, value_len))
        }
    }

    /// The byte range of a metadata value in the file: the characters of the JSON string between
    /// its quotes, escapes included. Reads the header again. Fails with
    /// [`Status::MetadataNotFound`].
    pub fn metadata_range(&self, key: &str) -> Result<std::ops::Range<u64>> {
        let (mut offset, mut nbytes) = (0, 0);
        let (start, len) = (key.as_ptr().cast(), key.len() as u64);
        // SAFETY: the handle, the key and the outputs are valid.
        call(|error| unsafe {
            let file = self.as_raw();
            sys::st_file_metadata_range(file, start, len, &mut offset, &mut nbytes, error)
        })?;
        Ok(offset..offset + nbytes)
    }

    /// The form of the header's `__metadata__`. [`SaveOptions::metadata_form`] with it writes a
    /// copy with the same bytes.
    ///
    /// [`SaveOptions::metadata_form`]: crate::SaveOptions::metadata_form
    pub fn metadata_form(&self) -> MetadataForm {
        // SAFETY: the handle is valid.
        MetadataForm::from_code(unsafe { sys::st_file_metadata_form(self.as_raw()) })
    }
}

impl Clone for File<'_> {
    fn clone(&self) -> Self {
        // SAFETY: the handle is valid, and the library returns it with another reference.
        unsafe { File::from_handle(sys::st_file_ref(self.as_raw()), self.unmapped) }
    }
}

impl Drop for File<'_> {
    fn drop(&mut self) {
        // SAFETY: the reference is released once.
        callback::run(|| unsafe { sys::st_close(self.as_raw()) });
    }
}

impl fmt::Debug for File<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("File")
            .field("tensors", &self.len())
            .field("nbytes", &self.nbytes())
            .finish()
    }
}
