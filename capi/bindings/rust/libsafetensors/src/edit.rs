//! Changes of existing files: their metadata and names, and the join of distributed checkpoints.

use crate::error::{c_path, call, Result};
use crate::save_options::Entries;
use crate::{SaveOptions, SetOptions};
use safetensors_sys as sys;
use std::borrow::Cow;
use std::path::Path;

/// How [`Edit::apply`] changed a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EditMethod {
    /// The file has these entries and names already.
    Unchanged,
    /// A new file that shares the blocks of the data with the old one.
    Clone,
    /// A new file with a copy of the data.
    Copy,
    /// In place: the header was overwritten.
    Overwrite,
    /// In place: blocks were inserted before the data.
    Insert,
    /// A method of a newer library.
    Unknown(u32),
}

/// Changes of a file's metadata and tensor names. The data bytes are kept.
///
/// ```no_run
/// use libsafetensors::{Edit, SaveOptions};
///
/// Edit::new()
///     .set("license", "apache-2.0")
///     .remove("format")
///     .rename("weight", "layer.weight")
///     .apply("model.safetensors", &SaveOptions::new())?;
/// # Ok::<(), libsafetensors::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Edit<'a> {
    in_place: bool,
    set: Entries<'a>,
    remove: Entries<'a>,
    rename: Entries<'a>,
}

impl<'a> Edit<'a> {
    /// No change.
    pub fn new() -> Edit<'a> {
        Edit::default()
    }

    /// Adds or replaces a metadata entry.
    pub fn set(mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.set.push(key.into(), value.into());
        self
    }

    /// Removes a metadata entry.
    pub fn remove(mut self, key: impl Into<Cow<'a, str>>) -> Self {
        self.remove.push(key.into(), Cow::Borrowed(""));
        self
    }

    /// Renames a tensor. All renames apply at once: two names can be exchanged.
    pub fn rename(mut self, from: impl Into<Cow<'a, str>>, to: impl Into<Cow<'a, str>>) -> Self {
        self.rename.push(from.into(), to.into());
        self
    }

    /// Whether the file itself is changed instead of replaced. A crash meanwhile can leave a file
    /// with a damaged header, and concurrent readers can see one.
    pub fn in_place(mut self, in_place: bool) -> Self {
        self.in_place = in_place;
        self
    }

    /// Changes the file at `path`. Of `options`, durability, link, mode and progress apply (in
    /// place: durability); it must have no metadata.
    ///
    /// Fails with [`Status::MetadataNotFound`](crate::Status::MetadataNotFound),
    /// [`Status::TensorNotFound`](crate::Status::TensorNotFound) and
    /// [`Status::Duplicate`](crate::Status::Duplicate), and as [`save`](crate::save).
    pub fn apply(&self, path: impl AsRef<Path>, options: &SaveOptions<'_>) -> Result<EditMethod> {
        let path = c_path(path.as_ref())?;
        let set = self.set.to_raw();
        let remove = self.remove.keys_to_raw();
        let rename = self.rename.to_raw();
        let edit = sys::st_edit {
            in_place: self.in_place.into(),
            set: set.as_ptr(),
            set_count: set.len() as u64,
            remove: remove.as_ptr(),
            remove_count: remove.len() as u64,
            rename: rename.as_ptr(),
            rename_count: rename.len() as u64,
            ..Default::default()
        };
        let mut method = 0;
        // SAFETY: the edit, the options and the outputs are valid during the call.
        options.with_raw(|options| {
            call(|error| unsafe {
                sys::st_edit_metadata(path.as_ptr(), &edit, options, &mut method, error)
            })
        })?;
        Ok(match method {
            sys::ST_EDIT_UNCHANGED => EditMethod::Unchanged,
            sys::ST_EDIT_CLONE => EditMethod::Clone,
            sys::ST_EDIT_COPY => EditMethod::Copy,
            sys::ST_EDIT_OVERWRITE => EditMethod::Overwrite,
            sys::ST_EDIT_INSERT => EditMethod::Insert,
            _ => EditMethod::Unknown(method),
        })
    }
}

/// Joins a checkpoint in which each file has parts of tensors, as torch.distributed.checkpoint's
/// Hugging Face writer creates it, to a set in `directory`, in constant memory.
///
/// Fails as [`File::open`](crate::File::open) and [`save_set`](crate::save_set), with
/// [`Status::Schema`](crate::Status::Schema) for a file without valid DCP_SHARDING_INFO, with
/// [`Status::Incomplete`](crate::Status::Incomplete) for a tensor with a gap, with
/// [`Status::Offset`](crate::Status::Offset) for parts that overlap or exceed the tensor, and with
/// [`Status::Dtype`](crate::Status::Dtype) for parts of different dtypes.
pub fn consolidate(
    source_directory: impl AsRef<Path>,
    directory: impl AsRef<Path>,
    set: &SetOptions<'_>,
    options: &SaveOptions<'_>,
) -> Result<()> {
    let source = c_path(source_directory.as_ref())?;
    let directory = c_path(directory.as_ref())?;
    set.with_raw(|set| {
        options.with_raw(|options| {
            // SAFETY: the paths and the options are valid during the call.
            call(|error| unsafe {
                sys::st_consolidate(source.as_ptr(), directory.as_ptr(), set, options, error)
            })
        })
    })
}
