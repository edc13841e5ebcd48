//! `Status`: the codes of errors.

use safetensors_sys as sys;
use std::ffi::CStr;
use std::fmt;

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $code:ident,)*) => {
        /// What failed. The library can return codes that this crate does not know: treat
        /// [`Status::Unknown`] as a failure of its [`group`](Status::group).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Status {
            $($(#[$doc])* $variant,)*
            /// A code of a newer library.
            Unknown(i32),
        }

        impl Status {
            /// The status of a code of the C ABI, which is not ST_OK.
            pub fn from_code(code: i32) -> Status {
                match code {
                    $(sys::$code => Status::$variant,)*
                    _ => Status::Unknown(code),
                }
            }

            /// The code of the C ABI.
            pub fn code(self) -> i32 {
                match self {
                    $(Status::$variant => sys::$code,)*
                    Status::Unknown(code) => code,
                }
            }
        }
    };
}

statuses! {
    /// The call is invalid.
    InvalidArgument = ST_E_INVALID_ARGUMENT,
    /// Memory, or address space for a mapping, is exhausted.
    NoMemory = ST_E_NO_MEMORY,
    /// A defect of the library.
    Internal = ST_E_INTERNAL,
    /// Valid, but not supported by this build or system.
    Unsupported = ST_E_UNSUPPORTED,
    /// A callback cancelled the call.
    Cancelled = ST_E_CANCELLED,
    /// A system call or callback failed: see [`Error::os_error`](crate::Error::os_error).
    Io = ST_E_IO,
    /// No such file or directory.
    NotFound = ST_E_NOT_FOUND,
    /// No permission to open, create or replace the file.
    Permission = ST_E_PERMISSION,
    /// A directory, FIFO, socket or device.
    NotRegular = ST_E_NOT_REGULAR,
    /// The file is shorter than when it was opened.
    Truncated = ST_E_TRUNCATED,
    /// The file was modified after it was opened.
    Changed = ST_E_CHANGED,
    /// Fewer bytes than the 8 of the header length.
    HeaderTooSmall = ST_E_HEADER_TOO_SMALL,
    /// The header length exceeds the limit.
    HeaderTooLarge = ST_E_HEADER_TOO_LARGE,
    /// The header length exceeds the file.
    HeaderLength = ST_E_HEADER_LENGTH,
    /// Invalid UTF-8.
    Utf8 = ST_E_UTF8,
    /// The header is not valid JSON.
    Json = ST_E_JSON,
    /// Valid JSON, but not a safetensors header.
    Schema = ST_E_SCHEMA,
    /// Duplicate tensor name or metadata key.
    Duplicate = ST_E_DUPLICATE,
    /// Unknown dtype value or name; in a file, perhaps a newer dtype.
    Dtype = ST_E_DTYPE,
    /// Element count or byte size exceeds 64 bits.
    Overflow = ST_E_OVERFLOW,
    /// A tensor or slice of F4 or F6 is not a whole number of bytes.
    Subbyte = ST_E_SUBBYTE,
    /// Dtype and shape do not match the number of bytes.
    SizeMismatch = ST_E_SIZE_MISMATCH,
    /// Data offsets with a gap, an overlap or a negative length.
    Offset = ST_E_OFFSET,
    /// The tensors end before or after the end of the file.
    Coverage = ST_E_COVERAGE,
    /// No tensor has this name.
    TensorNotFound = ST_E_TENSOR_NOT_FOUND,
    /// An index or slice bound exceeds the end.
    OutOfRange = ST_E_OUT_OF_RANGE,
    /// The caller's buffer is smaller than the data.
    BufferTooSmall = ST_E_BUFFER_TOO_SMALL,
    /// No metadata entry has this key.
    MetadataNotFound = ST_E_METADATA_NOT_FOUND,
    /// The file is not a valid index of a set.
    SetIndex = ST_E_SET_INDEX,
    /// A shard's path in the index could leave the directory.
    SetPath = ST_E_SET_PATH,
    /// A shard of the index does not exist.
    SetShardMissing = ST_E_SET_SHARD_MISSING,
    /// A shard lacks a tensor that the index assigns to it.
    SetTensorMissing = ST_E_SET_TENSOR_MISSING,
    /// The directory contains more than one set.
    SetAmbiguous = ST_E_SET_AMBIGUOUS,
    /// Bytes of a writer's tensors, or of a tensor's parts, are missing.
    Incomplete = ST_E_INCOMPLETE,
}

/// The group of a [`Status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusGroup {
    /// The call itself: arguments, memory, cancellation.
    Call,
    /// The operating system.
    System,
    /// The format of the file.
    Format,
    /// Look-up of a name, a key or a range.
    Lookup,
    /// Sets and writers.
    SetsAndWriters,
    /// A group of a newer library.
    Unknown,
}

impl Status {
    /// The name of the C ABI, such as `ST_E_JSON`; `unknown` for a code that the library does not
    /// have.
    pub fn name(self) -> &'static str {
        // SAFETY: the library returns a static, NUL-terminated string for every code.
        let name = unsafe { CStr::from_ptr(sys::st_status_name(self.code())) };
        name.to_str().unwrap_or("unknown")
    }

    /// The group of this status, also of an unknown one.
    pub fn group(self) -> StatusGroup {
        match self.code() {
            1..=19 => StatusGroup::Call,
            20..=39 => StatusGroup::System,
            40..=69 => StatusGroup::Format,
            70..=89 => StatusGroup::Lookup,
            90..=109 => StatusGroup::SetsAndWriters,
            _ => StatusGroup::Unknown,
        }
    }
}

/// The name of the status.
impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
