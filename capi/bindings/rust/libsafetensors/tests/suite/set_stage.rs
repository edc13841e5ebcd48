//! `SetStage`: sets whose files several writers write.

use crate::scratch::{status, Scratch};
use libsafetensors::*;
use std::fs;

const NAMES: [&str; 2] = ["a", "b"];
const LAYERS: [[u8; 8]; 2] = [[1; 8], [2; 8]];

fn layer(index: usize) -> SaveTensor<'static> {
    SaveTensor::new(NAMES[index], &[8], &LAYERS[index])
}

#[test]
fn staged_sets_have_the_bytes_of_save_set() {
    let scratch = Scratch::new();
    let (directory, expected) = (scratch.path("set"), scratch.path("expected"));
    let set = SetOptions::new().max_shard_size(8);
    let options = SaveOptions::new().metadata("format", "pt").alignment(64);
    save_set(&expected, &[layer(0), layer(1)], &set, &options).unwrap();

    let declared = NAMES.map(|name| SaveTensor::declare(name, Dtype::U8, &[8]));
    let mut stage = SetStage::create(&directory, &declared, &set, &options).unwrap();
    assert_eq!(stage.shard_count(), 2);
    assert_eq!((stage.path(2), stage.shard_of(2)), (None, None));
    for index in [1, 0] {
        let error = stage.commit().unwrap_err();
        assert_eq!(error.status(), Status::Incomplete);
        let path = directory.join(stage.path(stage.shard_of(index).unwrap()).unwrap());
        let tensor = SaveTensor::declare(NAMES[index], Dtype::U8, &[8]);
        let mut writer = Writer::create(path, &[tensor], &options).unwrap();
        writer.write(0, 0, &LAYERS[index]).unwrap();
        writer.commit().unwrap();
    }
    assert_eq!(status(File::open_set(&directory)), Status::NotFound);
    stage.commit().unwrap();
    assert_eq!(status(stage.commit()), Status::InvalidArgument);
    drop(stage);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 3);
    for entry in fs::read_dir(&expected).unwrap() {
        let entry = entry.unwrap();
        let staged = fs::read(directory.join(entry.file_name())).unwrap();
        assert_eq!(staged, fs::read(entry.path()).unwrap(), "{entry:?}");
    }
}

#[test]
fn stages_that_are_not_committed_leave_nothing() {
    let scratch = Scratch::new();
    let directory = scratch.path("set");
    let (set, options) = (SetOptions::new(), SaveOptions::new());
    let stage = SetStage::create(&directory, &[layer(0)], &set, &options).unwrap();
    assert!(directory.join(stage.path(0).unwrap()).exists());
    drop(stage);
    assert!(!directory.exists());
    let twice = [layer(0), layer(0)];
    let failed = SetStage::create(&directory, &twice, &set, &options);
    assert_eq!(status(failed), Status::Duplicate);
}
