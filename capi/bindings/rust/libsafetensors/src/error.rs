//! `Error`, and the call that turns a status of the library into it.

use crate::callback;
use crate::Status;
use safetensors_sys as sys;
use std::ffi::{CStr, CString};
use std::fmt;
use std::io;
use std::mem::{size_of, MaybeUninit};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::addr_of_mut;

/// The result of functions that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure: its status, the library's message and, where they exist, the position in the file,
/// the errno value and the error of the callback.
///
/// Displays the message. [`source`](std::error::Error::source) is the `io::Error` that a callback
/// of the program returned.
#[derive(Debug)]
pub struct Error(Box<Details>);

#[derive(Debug)]
struct Details {
    status: Status,
    position: Option<u64>,
    os_error: Option<i32>,
    message: String,
    source: Option<io::Error>,
}

impl Error {
    /// A failure that this crate found.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Error {
        Error(Box::new(Details {
            status,
            position: None,
            os_error: None,
            message: message.into(),
            source: None,
        }))
    }

    #[cold]
    fn from_raw(raw: &sys::st_error, source: Option<io::Error>) -> Error {
        let status = Status::from_code(raw.code);
        // SAFETY: the library terminates the message with NUL.
        let message = unsafe { CStr::from_ptr(raw.message.as_ptr()) };
        Error(Box::new(Details {
            status,
            position: Some(raw.position).filter(|position| *position != sys::ST_NO_POSITION),
            os_error: Some(raw.os_error).filter(|code| *code != 0),
            message: message.to_string_lossy().into_owned(),
            source: source.filter(|_| status == Status::Io),
        }))
    }

    /// What failed.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// The offset of the error in the file in bytes.
    pub fn position(&self) -> Option<u64> {
        self.0.position
    }

    /// The errno value of the failed system call or callback.
    pub fn os_error(&self) -> Option<i32> {
        self.0.os_error
    }

    /// One line of text: what was found, what was expected, and where.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|error| error as _)
    }
}

/// An `io::Error` of the kind that fits, with the error as its source.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match (error.status(), error.os_error()) {
            (Status::NotFound, _) => io::ErrorKind::NotFound,
            (Status::Permission, _) => io::ErrorKind::PermissionDenied,
            (Status::NoMemory, _) => io::ErrorKind::OutOfMemory,
            (Status::Unsupported, _) => io::ErrorKind::Unsupported,
            (Status::InvalidArgument, _) => io::ErrorKind::InvalidInput,
            (Status::Io, Some(code)) => io::Error::from_raw_os_error(code).kind(),
            (status, _) if status.group() == crate::StatusGroup::Format => {
                io::ErrorKind::InvalidData
            }
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

/// Calls a function of the library that takes an `st_error`. Panics of callbacks continue here.
#[inline]
pub(crate) fn call(function: impl FnOnce(*mut sys::st_error) -> sys::st_status) -> Result<()> {
    let mut error = MaybeUninit::<sys::st_error>::uninit();
    // SAFETY: the library reads `size` only, and writes all fields.
    unsafe { addr_of_mut!((*error.as_mut_ptr()).size).write(size_of::<sys::st_error>() as u32) };
    let (status, source) = callback::run(|| function(error.as_mut_ptr()));
    if status == sys::ST_OK {
        return Ok(());
    }
    // SAFETY: the call failed, so that the library has written the error.
    Err(Error::from_raw(unsafe { error.assume_init_ref() }, source))
}

/// A path as the C ABI takes it.
pub(crate) fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        let message = format!("path {path:?} contains a NUL byte");
        Error::new(Status::InvalidArgument, message)
    })
}
