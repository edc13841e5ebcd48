//! `SaveOptions`: how files are written.

use crate::callback::{self, Progress};
use crate::MetadataForm;
use safetensors_sys as sys;
use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

/// What a successful save guarantees after a power failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// Nothing: a power failure may lose the new file.
    None,
    /// File and directory are synced with fsync before the call returns.
    Fsync,
}

/// The permission bits of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Those of the replaced file; for a new file as [`Mode::Umask`].
    Inherit,
    /// `0666 & !umask`, even if the file exists.
    Umask,
    /// These bits, such as `0o640`.
    Bits(u32),
}

/// What a save does with a symbolic link at the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Link {
    /// Replace the link, and leave the file that it points to unchanged.
    Replace,
    /// Replace the file that the link points to.
    Follow,
}

/// Options of the functions that save. The defaults are [`Durability::None`], [`Mode::Inherit`],
/// [`Link::Replace`], [`MetadataForm::Absent`] and the alignment of the reference implementation.
///
/// ```
/// use libsafetensors::{Durability, SaveOptions};
///
/// let options = SaveOptions::new()
///     .metadata("format", "pt")
///     .durability(Durability::Fsync);
/// ```
#[derive(Clone)]
#[must_use]
pub struct SaveOptions<'a> {
    /// The options without pointers.
    plain: sys::st_save_options,
    metadata: Entries<'a>,
    progress: Option<&'a Progress<'a>>,
}

impl Default for SaveOptions<'_> {
    fn default() -> Self {
        SaveOptions::new()
    }
}

impl<'a> SaveOptions<'a> {
    /// The defaults.
    pub fn new() -> SaveOptions<'a> {
        SaveOptions {
            plain: sys::st_save_options::default(),
            metadata: Entries::default(),
            progress: None,
        }
    }

    /// Selects what a successful save guarantees after a power failure.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.plain.durability = match durability {
            Durability::None => sys::ST_DURABILITY_NONE,
            Durability::Fsync => sys::ST_DURABILITY_FSYNC,
        };
        self
    }

    /// Selects the permission bits of new files.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.plain.mode = match mode {
            Mode::Inherit => sys::ST_MODE_INHERIT,
            Mode::Umask => sys::ST_MODE_UMASK,
            Mode::Bits(bits) => bits,
        };
        self
    }

    /// Selects what is done with a symbolic link at the path.
    pub fn link(mut self, link: Link) -> Self {
        self.plain.link = match link {
            Link::Replace => sys::ST_LINK_REPLACE,
            Link::Follow => sys::ST_LINK_FOLLOW,
        };
        self
    }

    /// Selects the `__metadata__` of a file without entries.
    pub fn metadata_form(mut self, form: MetadataForm) -> Self {
        self.plain.metadata_form = form.code();
        self
    }

    /// Begins the tensor data at a multiple of `nbytes` bytes, a power of two from 8 to 65,536;
    /// 0 is 8.
    pub fn alignment(mut self, nbytes: u64) -> Self {
        self.plain.alignment = nbytes;
        self
    }

    /// Adds a metadata entry.
    pub fn metadata(
        mut self,
        key: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        self.metadata.push(key.into(), value.into());
        self
    }

    /// Calls `progress` with the bytes written and the size of the file. `ControlFlow::Break`
    /// cancels the save with [`Status::Cancelled`](crate::Status::Cancelled). Writers ignore it.
    pub fn progress(mut self, progress: &'a dyn Fn(u64, u64) -> ControlFlow<()>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Calls `function` with the options as the C ABI takes them.
    pub(crate) fn with_raw<R>(&self, function: impl FnOnce(*const sys::st_save_options) -> R) -> R {
        let metadata = self.metadata.to_raw();
        let mut raw = sys::st_save_options {
            metadata_count: metadata.len() as u64,
            ..self.plain
        };
        if !metadata.is_empty() {
            raw.metadata = metadata.as_ptr();
        }
        if let Some(progress) = &self.progress {
            raw.progress = Some(callback::progress);
            raw.progress_user_data = progress as *const &Progress as *mut _;
        }
        function(&raw)
    }

    /// The options of a writer, which keeps no callback.
    pub(crate) fn without_progress(&self) -> SaveOptions<'a> {
        SaveOptions {
            progress: None,
            ..self.clone()
        }
    }
}

impl fmt::Debug for SaveOptions<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SaveOptions")
            .field("durability", &self.plain.durability)
            .field("mode", &self.plain.mode)
            .field("link", &self.plain.link)
            .field("metadata_form", &self.plain.metadata_form)
            .field("alignment", &self.plain.alignment)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

/// Keys and values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Entries<'a> {
    pub(crate) fn push(&mut self, key: Cow<'a, str>, value: Cow<'a, str>) {
        self.0.push((key, value));
    }

    /// Entries that refer to the text of `self`.
    pub(crate) fn to_raw(&self) -> Vec<sys::st_metadata_entry> {
        let entries = self.0.iter();
        entries
            .map(|(key, value)| sys::st_metadata_entry {
                key: key.as_ptr().cast(),
                key_len: key.len() as u64,
                value: value.as_ptr().cast(),
                value_len: value.len() as u64,
                ..Default::default()
            })
            .collect()
    }

    /// Entries of keys alone: the value is NULL.
    pub(crate) fn keys_to_raw(&self) -> Vec<sys::st_metadata_entry> {
        let mut entries = self.to_raw();
        for entry in &mut entries {
            entry.value = std::ptr::null();
            entry.value_len = 0;
        }
        entries
    }
}
