//! Reading into memory of the program's own.

use crate::scratch::{sample, status, write_sample, Scratch};
use libsafetensors::*;
use std::ops::Range;

#[test]
fn whole_tensors() {
    let file = File::from_bytes(sample()).unwrap();
    assert_eq!(file.read::<f32>("bias").unwrap(), [0.5, 1.5, 2.5]);
    assert_eq!(
        file.read_bytes("bias").unwrap(),
        bytes_of(&[0.5f32, 1.5, 2.5])
    );
    let mut larger = [7f32; 4];
    assert_eq!(file.read_into("bias", &mut larger).unwrap(), 3);
    assert_eq!(larger, [0.5, 1.5, 2.5, 7.0]);
    let mut bytes = [0u8; 12];
    assert_eq!(file.read_bytes_into("bias", &mut bytes).unwrap(), 12);
    assert_eq!(bytes, bytes_of(&[0.5f32, 1.5, 2.5]));
    let mut small = [0f32; 2];
    assert_eq!(
        status(file.read_into("bias", &mut small)),
        Status::BufferTooSmall
    );
    assert_eq!(
        status(file.read_bytes_into("bias", &mut [0; 11])),
        Status::BufferTooSmall
    );
    assert_eq!(
        status(file.read_into("bias", &mut [0i32; 3])),
        Status::InvalidArgument
    );
    assert_eq!(status(file.read::<f32>("absent")), Status::TensorNotFound);
    assert_eq!(status(file.read_bytes("absent")), Status::TensorNotFound);
}

#[test]
fn bytes_at_an_offset() {
    let bytes = sample();
    let file = File::from_bytes(&bytes).unwrap();
    let mut header = [0u8; 8];
    file.read_exact_at(&mut header, 0).unwrap();
    assert_eq!(header, bytes[..8]);
    let mut end = [0u8; 4];
    file.read_exact_at(&mut end, file.nbytes() - 4).unwrap();
    assert_eq!(f32::from_le_bytes(end), 11.0);
    assert_eq!(
        status(file.read_exact_at(&mut end, file.nbytes() - 3)),
        Status::OutOfRange
    );
    file.read_exact_at(&mut [], file.nbytes()).unwrap();
}

#[test]
fn prefetch() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    write_sample(&path);
    for file in [
        File::open(&path).unwrap(),
        File::from_bytes(sample()).unwrap(),
    ] {
        file.prefetch().unwrap();
        file.prefetch_tensor("weight").unwrap();
        file.prefetch_range(8..file.nbytes()).unwrap();
        assert_eq!(status(file.prefetch_tensor("none")), Status::TensorNotFound);
        for range in [8..file.nbytes() + 1, Range { start: 2, end: 1 }] {
            assert_eq!(status(file.prefetch_range(range)), Status::OutOfRange);
        }
    }
}

#[test]
fn slices() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    write_sample(&path);
    for file in [
        File::open(&path).unwrap(),
        File::from_bytes(sample()).unwrap(),
    ] {
        let slice = file.read_slice::<f32>("weight", &[0..2, 1..3]).unwrap();
        assert_eq!(slice, [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(file.slice_nbytes("weight", &[1..3, 0..4]).unwrap(), 32);
        let mut buffer = [9u8; 17];
        let read = file.read_slice_bytes_into("weight", &[2..3, 0..4], &mut buffer);
        assert_eq!(read.unwrap(), 16);
        assert_eq!(buffer[..16], *bytes_of(&[8f32, 9.0, 10.0, 11.0]));
        assert_eq!(buffer[16], 9);
        assert_eq!(
            status(file.read_slice::<f32>("weight", &[0..4, 0..4])),
            Status::OutOfRange
        );
        assert_eq!(
            status(file.slice_nbytes("weight", &[Range { start: 2, end: 1 }, 0..4])),
            Status::OutOfRange
        );
        assert_eq!(
            status(file.read_slice::<f32>("weight", &[0..2])),
            Status::InvalidArgument
        );
        assert_eq!(
            status(file.read_slice::<u8>("weight", &[0..2, 0..2])),
            Status::InvalidArgument
        );
        let small = file.read_slice_bytes_into("weight", &[0..3, 0..4], &mut buffer);
        assert_eq!(status(small), Status::BufferTooSmall);
    }
}
