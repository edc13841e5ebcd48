//! What a file says about its tensors, its shards and itself.

use crate::Dtype;
use safetensors_sys as sys;
use std::os::raw::c_char;
use std::os::unix::io::BorrowedFd;
use std::path::Path;
use std::slice;
use std::str;

/// A tensor's entry in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorInfo<'file> {
    /// The name. It can contain NUL.
    pub name: &'file str,
    /// The element type.
    pub dtype: Dtype,
    /// The extents in elements; empty for a scalar.
    pub shape: &'file [u64],
    /// The size of the data in bytes.
    pub nbytes: u64,
    /// The offset of the data from the first byte of the file.
    pub file_offset: u64,
}

impl<'file> TensorInfo<'file> {
    /// # Safety
    /// The library has written `raw`, from a handle that is valid during `'file`.
    #[inline]
    pub(crate) unsafe fn from_raw(raw: &sys::st_tensor_info) -> TensorInfo<'file> {
        TensorInfo {
            name: text(raw.name, raw.name_len),
            dtype: Dtype::from_code(raw.dtype),
            shape: slice::from_raw_parts(raw.shape, raw.rank as usize),
            nbytes: raw.nbytes,
            file_offset: raw.file_offset,
        }
    }
}

/// # Safety
/// The library has returned the text, from a handle that is valid during `'file`.
#[inline]
pub(crate) unsafe fn text<'file>(start: *const c_char, len: u64) -> &'file str {
    // The library validates UTF-8 when it opens a file.
    str::from_utf8_unchecked(slice::from_raw_parts(start.cast(), len as usize))
}

/// Order of the tensors of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Order {
    /// By file offset.
    File,
    /// By the bytes of the name.
    Name,
}

impl Order {
    #[inline]
    pub(crate) fn code(self) -> u32 {
        match self {
            Order::File => sys::ST_ORDER_FILE,
            Order::Name => sys::ST_ORDER_NAME,
        }
    }
}

/// Form of the `__metadata__` of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetadataForm {
    /// No `__metadata__`.
    Absent,
    /// `"__metadata__":null`.
    Null,
    /// An object, which may be empty.
    Object,
}

impl MetadataForm {
    pub(crate) fn from_code(code: u32) -> MetadataForm {
        match code {
            sys::ST_METADATA_OBJECT => MetadataForm::Object,
            sys::ST_METADATA_NULL => MetadataForm::Null,
            _ => MetadataForm::Absent,
        }
    }

    pub(crate) fn code(self) -> u32 {
        match self {
            MetadataForm::Absent => sys::ST_METADATA_ABSENT,
            MetadataForm::Null => sys::ST_METADATA_NULL,
            MetadataForm::Object => sys::ST_METADATA_OBJECT,
        }
    }
}

/// Identity of a file: tells whether two handles refer to the same file, and whether another file
/// has replaced it at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Identity {
    /// The device; 0 for memory and readers.
    pub device: u64,
    /// The inode; 0 for memory and readers.
    pub inode: u64,
    /// The size of the file in bytes.
    pub nbytes: u64,
    /// The size of the header in bytes, without the 8 bytes of its length.
    pub header_nbytes: u64,
}

/// A file of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shard<'file> {
    /// The path; empty for memory, readers and descriptors.
    pub path: &'file Path,
    /// The offset of the shard's first byte in the set.
    pub first_offset: u64,
    /// The size of the shard in bytes.
    pub nbytes: u64,
    /// The number of tensors that the set has from this shard.
    pub tensor_count: u64,
}

/// Where a tensor's bytes are, for programs that read them with I/O of their own.
#[derive(Debug)]
#[non_exhaustive]
pub struct Location<'file> {
    /// The library's descriptor of the shard, open for reading; `None` if it keeps none open.
    pub fd: Option<BorrowedFd<'file>>,
    /// The index of the shard, as in [`File::shard`](crate::File::shard).
    pub shard: u64,
    /// The path of the shard, as in [`Shard`].
    pub path: &'file Path,
    /// The offset of the data from the first byte of the shard.
    pub file_offset: u64,
    /// The size of the data in bytes.
    pub nbytes: u64,
}
