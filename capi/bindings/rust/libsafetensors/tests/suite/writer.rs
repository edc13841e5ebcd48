//! Writer: bytes in any order, from any thread.

use crate::scratch::{sample, status, Scratch};
use libsafetensors::*;
use std::fs;

fn declared() -> [SaveTensor<'static>; 2] {
    [
        SaveTensor::declare("weight", Dtype::F32, &[3, 4]),
        SaveTensor::declare("bias", Dtype::F32, &[3]),
    ]
}

#[test]
fn many_threads_write() {
    let scratch = Scratch::new();
    let path = scratch.path("a");
    let options = SaveOptions::new().metadata("format", "pt");
    let mut writer = Writer::create(&path, &declared(), &options).unwrap();
    std::thread::scope(|scope| {
        for row in 0..3u64 {
            let writer = &writer;
            scope.spawn(move || {
                let values: Vec<f32> = (4 * row..4 * row + 4).map(|value| value as f32).collect();
                writer.write(0, 16 * row, bytes_of(&values)).unwrap();
            });
        }
        scope.spawn(|| writer.write(1, 0, bytes_of(&[0.5f32, 1.5, 2.5])).unwrap());
    });
    assert!(!path.exists());
    writer.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), sample());
    assert!(writer.write(0, 0, &[1]).is_err());
    assert!(writer.commit().is_err());
}

#[test]
fn missing_bytes_and_ranges() {
    let scratch = Scratch::new();
    let path = scratch.path("a");
    let mut writer = Writer::create(&path, &declared(), &SaveOptions::new()).unwrap();
    writer.write(0, 0, bytes_of(&[0f32; 12])).unwrap();
    writer.write(1, 0, &[0; 5]).unwrap();
    let error = writer.commit().unwrap_err();
    assert_eq!(error.status(), Status::Incomplete);
    assert!(error.message().contains("bias"), "{error}");
    let first_missing = error.position().unwrap();
    assert_eq!(status(writer.write(1, 8, &[0; 5])), Status::OutOfRange);
    assert_eq!(status(writer.write(2, 0, &[0])), Status::OutOfRange);
    writer.write(1, 5, &[0; 7]).unwrap();
    writer.commit().unwrap();
    let file = File::open(&path).unwrap();
    assert_eq!(first_missing, file.find("bias").unwrap().file_offset + 5);
}

#[test]
fn writers_of_builders_and_dropped_writers() {
    let scratch = Scratch::new();
    let path = scratch.path("a");
    let mut builder = Builder::new().unwrap();
    builder.metadata("format", "pt").unwrap();
    builder.add("bias", &[3], &[9f32; 3]).unwrap();
    builder.declare("weight", Dtype::F32, &[3, 4]).unwrap();
    let mut writer = builder.open_writer(&path, &SaveOptions::new()).unwrap();
    drop(builder);
    writer.write(0, 0, bytes_of(&[0.5f32, 1.5, 2.5])).unwrap();
    drop(Writer::create(scratch.path("b"), &declared(), &SaveOptions::new()).unwrap());
    let weight: Vec<f32> = (0..12).map(|value| value as f32).collect();
    writer.write(1, 0, bytes_of(&weight)).unwrap();
    writer.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), sample());
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn bytes_of_given_tensors_are_ignored() {
    let scratch = Scratch::new();
    let tensor = SaveTensor::new("x", &[1], &[7u8]);
    let mut writer = Writer::create(scratch.path("a"), &[tensor], &SaveOptions::new()).unwrap();
    assert_eq!(status(writer.commit()), Status::Incomplete);
    writer.write(0, 0, &[8]).unwrap();
    writer.commit().unwrap();
    assert_eq!(
        File::open(scratch.path("a"))
            .unwrap()
            .read::<u8>("x")
            .unwrap(),
        [8]
    );
}
