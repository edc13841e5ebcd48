//! Reads and writes safetensors files and sets of them with
//! [libsafetensors](safetensors_sys), a C library.
//!
//! ```
//! use libsafetensors::{save, File, SaveOptions, SaveTensor};
//!
//! # let path = std::env::temp_dir().join(format!("doc-{}.safetensors", std::process::id()));
//! let weight = SaveTensor::new("weight", &[2, 3], &[0f32, 1.0, 2.0, 3.0, 4.0, 5.0]);
//! save(&path, &[weight], &SaveOptions::new().metadata("format", "pt"))?;
//!
//! let file = File::open(&path)?;
//! for tensor in &file {
//!     println!("{} {} {:?}", tensor.name, tensor.dtype, tensor.shape);
//! }
//! let weight = file.get("weight")?;
//! assert_eq!(weight.as_slice::<f32>()?[5], 5.0);
//! # std::fs::remove_file(path).unwrap();
//! # Ok::<(), libsafetensors::Error>(())
//! ```
//!
//! # Read
//!
//! [`File::open`] is safe: it reads tensors into memory when they are requested. [`File::map`] maps
//! the file, so that tensors are its pages and nothing is copied; it is `unsafe`, because a program
//! that modifies or truncates the file in place would modify what `&[u8]` refers to.
//! [`File::from_bytes`] and [`File::from_reader`] open memory and readers of the program,
//! [`File::open_set`] a model in several files, [`OpenOptions`] any of them with options.
//!
//! [`File::get`] returns a [`Tensor`], whose bytes outlive the file; [`Tensor::as_slice`] is their
//! typed view. [`File::read`], [`File::read_slice`] and [`File::read_into`] read into memory of the
//! program's own.
//!
//! # Write
//!
//! [`save`] and its variants write tensors that are given at once, [`Builder`] collects them,
//! [`Writer`] writes bytes in any order from any thread, [`SetWriter`] writes a set one tensor at a
//! time, [`SetStage`] publishes a set that several processes write, and [`Edit`] changes metadata
//! and names. A save replaces the file at the path atomically.
//!
//! # Callbacks
//!
//! Readers, sinks, fill and progress callbacks run on the thread that called this crate, and may
//! call it. A panic of a callback ends the call of the library, as a cancellation, and then
//! continues in the caller. An `io::Error` is the [source](std::error::Error::source) of the
//! [`Error`] that the call returns.

#![warn(missing_docs, missing_debug_implementations)]

#[cfg(not(unix))]
compile_error!("libsafetensors supports Unix only");

mod builder;
mod callback;
#[cfg(doctest)]
mod compile_fail;
pub mod dlpack;
mod dtype;
mod edit;
mod element;
mod error;
mod file;
mod info;
mod iter;
mod options;
mod properties;
mod read;
mod reader;
mod save;
mod save_options;
mod set_options;
mod set_stage;
mod set_writer;
mod status;
mod tensor;
mod tensor_mut;
mod writer;

pub use builder::Builder;
pub use dlpack::Dlpack;
pub use dtype::Dtype;
pub use edit::{consolidate, Edit, EditMethod};
pub use element::{bytes_of, Element};
pub use error::{Error, Result};
pub use file::File;
pub use info::{Identity, Location, MetadataForm, Order, Shard, TensorInfo};
pub use iter::{Metadata, Shards, Tensors};
pub use options::{Access, Backend, OpenOptions, SetPolicy, Strictness, Unaligned};
pub use reader::ReadAt;
pub use save::{save, save_into, save_set, save_size, save_to, save_to_vec, SaveTensor};
pub use save_options::{Durability, Link, Mode, SaveOptions};
pub use set_options::{IndexFormat, SetOptions, Split};
pub use set_stage::SetStage;
pub use set_writer::SetWriter;
pub use status::{Status, StatusGroup};
pub use tensor::Tensor;
pub use tensor_mut::TensorMut;
pub use writer::Writer;

/// The programs of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The raw bindings, for programs that also call the C ABI.
pub use safetensors_sys as sys;

/// Version of the library in use: major * 1,000,000 + minor * 1,000 + patch.
pub fn version() -> u32 {
    // SAFETY: the function has no requirements.
    unsafe { sys::st_version() }
}

/// Version of the library in use as text, such as "0.1.0".
pub fn version_string() -> &'static str {
    // SAFETY: the library returns a static, NUL-terminated string.
    let text = unsafe { std::ffi::CStr::from_ptr(sys::st_version_string()) };
    text.to_str().unwrap_or("unknown")
}
