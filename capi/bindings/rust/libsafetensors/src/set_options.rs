//! `SetOptions`: how sets are written.

use crate::save_options::Entries;
use safetensors_sys as sys;
use std::borrow::Cow;

/// How the tensors of a set are divided into shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Split {
    /// As huggingface_hub: in the order given.
    Hub,
    /// As many shards as the maximum size requires, of similar sizes.
    Balanced,
}

/// The bytes of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexFormat {
    /// As huggingface_hub: entries in the order of the shards.
    Hub,
    /// As transformers and diffusers: keys sorted, final newline.
    Sorted,
}

/// Options of the functions that write sets. The defaults are [`Split::Hub`], [`IndexFormat::Hub`],
/// shards of at most 5,000,000,000 bytes, and the stem "model".
#[derive(Debug, Clone)]
#[must_use]
pub struct SetOptions<'a> {
    split: Split,
    index_format: IndexFormat,
    resume: bool,
    max_shard_size: u64,
    total_parameters: u64,
    stem: Option<Cow<'a, str>>,
    variant: Option<Cow<'a, str>>,
    index_metadata: Entries<'a>,
}

impl Default for SetOptions<'_> {
    fn default() -> Self {
        SetOptions::new()
    }
}

impl<'a> SetOptions<'a> {
    /// The defaults.
    pub fn new() -> SetOptions<'a> {
        SetOptions {
            split: Split::Hub,
            index_format: IndexFormat::Hub,
            resume: false,
            max_shard_size: 0,
            total_parameters: 0,
            stem: None,
            variant: None,
            index_metadata: Entries::default(),
        }
    }

    /// Selects how tensors are divided. A [`SetWriter`](crate::SetWriter) has [`Split::Hub`] only.
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// Selects the bytes of the index.
    pub fn index_format(mut self, format: IndexFormat) -> Self {
        self.index_format = format;
        self
    }

    /// Whether a [`SetWriter`](crate::SetWriter) keeps and reuses complete shards.
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Limits the bytes of tensor data in a shard; 0 is 5,000,000,000.
    pub fn max_shard_size(mut self, nbytes: u64) -> Self {
        self.max_shard_size = nbytes;
        self
    }

    /// The name before "-00001-of-00002.safetensors".
    pub fn stem(mut self, stem: impl Into<Cow<'a, str>>) -> Self {
        self.stem = Some(stem.into());
        self
    }

    /// A variant such as "fp16". Names are then STEM.VARIANT-00001-of-00002.safetensors,
    /// STEM.VARIANT.safetensors and STEM.safetensors.index.VARIANT.json.
    pub fn variant(mut self, variant: impl Into<Cow<'a, str>>) -> Self {
        self.variant = Some(variant.into());
        self
    }

    /// Adds an entry to the index's metadata or, for one file, to the header's.
    pub fn index_metadata(
        mut self,
        key: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Self {
        self.index_metadata.push(key.into(), value.into());
        self
    }

    /// The number of parameters in the index's metadata, as transformers writes; 0 omits it.
    pub fn total_parameters(mut self, count: u64) -> Self {
        self.total_parameters = count;
        self
    }

    /// Calls `function` with the options as the C ABI takes them.
    pub(crate) fn with_raw<R>(&self, function: impl FnOnce(*const sys::st_set_options) -> R) -> R {
        let metadata = self.index_metadata.to_raw();
        let mut raw = sys::st_set_options {
            split: match self.split {
                Split::Hub => sys::ST_SPLIT_HUB,
                Split::Balanced => sys::ST_SPLIT_BALANCED,
            },
            index_format: match self.index_format {
                IndexFormat::Hub => sys::ST_INDEX_HUB,
                IndexFormat::Sorted => sys::ST_INDEX_SORTED,
            },
            resume: self.resume.into(),
            max_shard_size: self.max_shard_size,
            total_parameters: self.total_parameters,
            index_metadata_count: metadata.len() as u64,
            ..Default::default()
        };
        if let Some(stem) = &self.stem {
            raw.stem = stem.as_ptr().cast();
            raw.stem_len = stem.len() as u64;
        }
        if let Some(variant) = &self.variant {
            raw.variant = variant.as_ptr().cast();
            raw.variant_len = variant.len() as u64;
        }
        if !metadata.is_empty() {
            raw.index_metadata = metadata.as_ptr();
        }
        function(&raw)
    }
}
