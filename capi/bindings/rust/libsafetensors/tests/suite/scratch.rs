//! What several tests use: a scratch directory, and files in memory.

use libsafetensors::{save_to_vec, Error, SaveOptions, SaveTensor, Status};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that is removed when it is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("libsafetensors-rust-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file with metadata format=pt, bias F32 [3] and weight F32 [3, 4] = 0..11.
pub fn sample() -> Vec<u8> {
    let weight: Vec<f32> = (0..12).map(|value| value as f32).collect();
    let tensors = [
        SaveTensor::new("weight", &[3, 4], &weight),
        SaveTensor::new("bias", &[3], &[0.5f32, 1.5, 2.5]),
    ];
    save_to_vec(&tensors, &SaveOptions::new().metadata("format", "pt")).unwrap()
}

pub fn write_sample(path: &Path) {
    fs::write(path, sample()).unwrap();
}

/// A file of a header and data bytes.
pub fn file_of(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// A file in which the F32 tensor "x" = [1, 2] is not aligned.
pub fn unaligned() -> Vec<u8> {
    let header = r#"{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}"#;
    let header = format!("{header:<112}");
    let mut data = vec![7];
    data.extend_from_slice(&1f32.to_le_bytes());
    data.extend_from_slice(&2f32.to_le_bytes());
    file_of(&header, &data)
}

/// The status of a failure that has a message.
pub fn status<T>(result: Result<T, Error>) -> Status {
    match result {
        Ok(_) => panic!("the call succeeded"),
        Err(error) => {
            assert!(!error.message().is_empty(), "{error:?} has no message");
            assert_eq!(error.to_string(), error.message());
            error.status()
        }
    }
}
