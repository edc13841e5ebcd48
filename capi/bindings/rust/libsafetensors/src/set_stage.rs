//! `SetStage`: a set whose files several processes write.

use crate::error::{c_path, call, Result};
use crate::save::with_request;
use crate::{SaveOptions, SaveTensor, SetOptions};
use safetensors_sys as sys;
use std::ffi::{CStr, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{self, NonNull};

/// A set whose files several processes write, on one machine or many, and one of them publishes.
/// Nothing that a reader takes for a set exists before [`commit`](SetStage::commit); a stage that
/// is dropped without it removes the files.
///
/// Any process of the same user that sees the directory replaces a file, with
/// [`Writer`](crate::Writer) or [`save`](crate::save) and the tensors of the shard:
/// [`Mode::Inherit`](crate::Mode::Inherit), and the same alignment, metadata form and metadata, for
/// a set of one file also the index's.
///
/// ```no_run
/// use libsafetensors::{save, Dtype, SaveOptions, SaveTensor, SetOptions, SetStage};
///
/// let declared = [
///     SaveTensor::declare("layer.0", Dtype::F32, &[2]),
///     SaveTensor::declare("layer.1", Dtype::F32, &[2]),
/// ];
/// let (set, options) = (SetOptions::new().max_shard_size(8), SaveOptions::new());
/// let mut stage = SetStage::create("model", &declared, &set, &options)?;
/// let layers = [[0f32, 1.0], [2.0, 3.0]];
/// for (index, name) in ["layer.0", "layer.1"].iter().enumerate() {
///     let file = stage.path(stage.shard_of(index).unwrap()).unwrap();
///     let tensor = SaveTensor::new(name, &[2], &layers[index]);
///     save(std::path::Path::new("model").join(file), &[tensor], &options)?;
/// }
/// stage.commit()?;
/// # Ok::<(), libsafetensors::Error>(())
/// ```
pub struct SetStage(NonNull<sys::st_set_stage>);

// SAFETY: the library copies what it needs, and any thread may use the stage, one at a time.
unsafe impl Send for SetStage {}

impl SetStage {
    /// Divides the tensors as [`save_set`](crate::save_set) does, and creates an empty file for
    /// each shard in a subdirectory of `directory`, which is created if it does not exist. Bytes
    /// that `tensors` have are ignored, as are `resume`, the link policy and the progress callback.
    pub fn create(
        directory: impl AsRef<Path>,
        tensors: &[SaveTensor<'_>],
        set: &SetOptions<'_>,
        options: &SaveOptions<'_>,
    ) -> Result<SetStage> {
        let directory = c_path(directory.as_ref())?;
        let declared: Vec<_> = tensors.iter().map(SaveTensor::without_content).collect();
        let mut stage = ptr::null_mut();
        let path = directory.as_ptr();
        with_request(&declared, options, |tensors, count, options| {
            set.with_raw(|set| {
                // SAFETY: the request, the options and the outputs are valid during the call.
                call(|error| unsafe {
                    sys::st_set_stage_open(path, tensors, count, set, options, &mut stage, error)
                })
            })
        })?;
        // SAFETY: the call succeeded, so that `stage` is a new stage.
        Ok(SetStage(unsafe { NonNull::new_unchecked(stage) }))
    }

    /// Number of shards.
    pub fn shard_count(&self) -> usize {
        // SAFETY: the stage is valid.
        unsafe { sys::st_set_stage_shard_count(self.0.as_ptr()) as usize }
    }

    /// Path of a shard's file relative to the directory.
    pub fn path(&self, shard: usize) -> Option<&Path> {
        // SAFETY: the stage is valid; a path is terminated with NUL, and lives as long as the stage.
        unsafe {
            let path = sys::st_set_stage_path(self.0.as_ptr(), shard as u64);
            if path.is_null() {
                return None;
            }
            let bytes = CStr::from_ptr(path).to_bytes();
            Some(Path::new(OsStr::from_bytes(bytes)))
        }
    }

    /// The shard of the tensor at `index` of the declared tensors.
    pub fn shard_of(&self, index: usize) -> Option<usize> {
        // SAFETY: the stage is valid.
        let shard = unsafe { sys::st_set_stage_shard_of(self.0.as_ptr(), index as u64) };
        (shard != u64::MAX).then_some(shard as usize)
    }

    /// Publishes the set, as [`save_set`](crate::save_set) does, once all writers are done.
    ///
    /// Fails with [`Status::Incomplete`](crate::Status::Incomplete) while a file has another size
    /// or header than its shard, and the stage can go on. After success or another error it cannot
    /// be used.
    pub fn commit(&mut self) -> Result<()> {
        // SAFETY: the stage is valid.
        call(|error| unsafe { sys::st_set_stage_commit(self.0.as_ptr(), error) })
    }
}

impl Drop for SetStage {
    fn drop(&mut self) {
        // SAFETY: the stage is freed once.
        unsafe { sys::st_set_stage_free(self.0.as_ptr()) };
    }
}

impl fmt::Debug for SetStage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SetStage").finish_non_exhaustive()
    }
}
