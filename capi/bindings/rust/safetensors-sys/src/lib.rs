//! Raw bindings to libsafetensors, a C library that
//! reads and writes safetensors files.
//!
//! The items have the names and the documentation of the C headers, `<safetensors/safetensors.h>`
//! and `<safetensors/dlpack.h>`. The crate `libsafetensors` is the safe interface.
//!
//! ```
//! use safetensors_sys::{st_close, st_error, st_open, ST_E_NOT_FOUND};
//!
//! let mut file = std::ptr::null_mut();
//! let mut error = st_error::default();
//! // SAFETY: the path is NUL-terminated, and the outputs are valid for writes.
//! let status =
//!     unsafe { st_open(b"absent\0".as_ptr().cast(), std::ptr::null(), &mut file, &mut error) };
//! assert_eq!(status, ST_E_NOT_FOUND);
//! // SAFETY: NULL is allowed.
//! unsafe { st_close(file) };
//! ```

#![warn(missing_docs)]

// The headers' text has brackets and indentation that are not Markdown.
#[allow(missing_docs, non_camel_case_types)]
#[allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags)]
#[allow(clippy::all)]
#[rustfmt::skip]
mod bindings;
mod defaults;
pub mod dlpack;

pub use bindings::*;
