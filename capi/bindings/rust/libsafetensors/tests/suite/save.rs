//! Saving at once and with a builder: every variant writes the same bytes.

use crate::scratch::{sample, status, Scratch};
use libsafetensors::*;
use std::cell::RefCell;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::{symlink, PermissionsExt};

const BIAS: [f32; 3] = [0.5, 1.5, 2.5];

fn weight() -> Vec<f32> {
    (0..12).map(|value| value as f32).collect()
}

#[test]
fn functions_write_equal_bytes() {
    let scratch = Scratch::new();
    let weight = weight();
    let fill = |offset: u64, buffer: &mut [u8]| {
        let start = offset as usize;
        buffer.copy_from_slice(&bytes_of(&BIAS)[start..start + buffer.len()]);
        Ok(())
    };
    let tensors = [
        SaveTensor::fill("bias", Dtype::F32, &[3], 12, &fill),
        SaveTensor::new("weight", &[3, 4], &weight),
    ];
    let options = SaveOptions::new().metadata("format", "pt");
    save(scratch.path("a"), &tensors, &options).unwrap();
    assert_eq!(fs::read(scratch.path("a")).unwrap(), sample());
    assert_eq!(
        save_size(&tensors, &options).unwrap(),
        sample().len() as u64
    );
    assert_eq!(save_to_vec(&tensors, &options).unwrap(), sample());
    let mut sink = Vec::new();
    save_to(&mut sink, &tensors, &options).unwrap();
    assert_eq!(sink, sample());
    let mut buffer = vec![1u8; sample().len() + 1];
    let written = save_into(&tensors, &options, &mut buffer).unwrap();
    assert_eq!(buffer[..written], sample());
    let small = save_into(&tensors, &options, &mut buffer[..written - 1]);
    assert_eq!(status(small), Status::BufferTooSmall);
}

#[test]
fn builder_writes_equal_bytes() {
    let scratch = Scratch::new();
    let weight = weight();
    let mut builder = Builder::new().unwrap();
    builder.add("weight", &[3, 4], &weight).unwrap();
    builder
        .add_fill("bias", Dtype::F32, &[3], 12, |offset, buffer| {
            let start = offset as usize;
            buffer.copy_from_slice(&bytes_of(&BIAS)[start..start + buffer.len()]);
            Ok(())
        })
        .unwrap();
    builder.metadata("format", "pt").unwrap();
    let builder = builder;
    let options = SaveOptions::new();
    builder.save(scratch.path("a"), &options).unwrap();
    assert_eq!(fs::read(scratch.path("a")).unwrap(), sample());
    assert_eq!(builder.save_size(&options).unwrap(), sample().len() as u64);
    assert_eq!(builder.save_to_vec(&options).unwrap(), sample());
    let mut sink = Vec::new();
    builder.save_to(&mut sink, &options).unwrap();
    assert_eq!(sink, sample());
    let mut buffer = vec![1u8; sample().len()];
    assert_eq!(
        builder.save_into(&options, &mut buffer).unwrap(),
        buffer.len()
    );
    assert_eq!(buffer, sample());
    builder
        .save_set(scratch.path("set"), &SetOptions::new(), &options)
        .unwrap();
    assert_eq!(
        fs::read(scratch.path("set/model.safetensors")).unwrap(),
        sample()
    );
}

#[test]
fn builder_copies_and_moves() {
    let mut builder = Builder::new().unwrap();
    {
        let temporary = BIAS.to_vec();
        builder.add_copy("bias", &[3], &temporary).unwrap();
        let bytes = bytes_of(&weight()).to_vec();
        builder
            .add_bytes_copy("weight", Dtype::F32, &[3, 4], &bytes)
            .unwrap();
    }
    let bytes = std::thread::spawn(move || {
        let options = SaveOptions::new().metadata("format", "pt");
        builder.save_to_vec(&options).unwrap()
    });
    assert_eq!(bytes.join().unwrap(), sample());
}

#[test]
fn builder_failures() {
    let mut builder = Builder::new().unwrap();
    let short = builder.add("x", &[2], &[1f32]);
    assert_eq!(status(short), Status::SizeMismatch);
    builder.add("x", &[1], &[1f32]).unwrap();
    builder.add_bytes("x", Dtype::U8, &[1], &[1]).unwrap();
    assert_eq!(
        status(builder.save_to_vec(&SaveOptions::new())),
        Status::Duplicate
    );
    let mut declared = Builder::new().unwrap();
    declared.declare("x", Dtype::F32, &[1]).unwrap();
    assert_eq!(
        status(declared.save_to_vec(&SaveOptions::new())),
        Status::InvalidArgument
    );
    assert!(declared.save_size(&SaveOptions::new()).unwrap() > 4);
    let mut keys = Builder::new().unwrap();
    keys.metadata("k", "1").unwrap().metadata("k", "2").unwrap();
    assert_eq!(
        status(keys.save_to_vec(&SaveOptions::new())),
        Status::Duplicate
    );
    let unknown = builder.add_bytes("y", Dtype::Unknown(99), &[1], &[1]);
    assert_eq!(status(unknown), Status::Dtype);
}

#[test]
fn options() {
    let scratch = Scratch::new();
    let tensors = [SaveTensor::new("x", &[3], &BIAS)];
    let aligned = save_to_vec(&tensors, &SaveOptions::new().alignment(4096)).unwrap();
    assert_eq!(File::from_bytes(aligned).unwrap().data_offset(), 4096);
    let wrong = save_to_vec(&tensors, &SaveOptions::new().alignment(3));
    assert_eq!(status(wrong), Status::InvalidArgument);

    let (target, link) = (scratch.path("target"), scratch.path("link"));
    fs::write(&target, b"old").unwrap();
    symlink(&target, &link).unwrap();
    let options = SaveOptions::new()
        .durability(Durability::Fsync)
        .mode(Mode::Bits(0o640));
    save(&link, &tensors, &options.clone().link(Link::Follow)).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::metadata(&target).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let umask = fs::File::create(scratch.path("new"))
        .unwrap()
        .metadata()
        .unwrap();
    save(
        &link,
        &tensors,
        &options.link(Link::Replace).mode(Mode::Umask),
    )
    .unwrap();
    let replaced = fs::symlink_metadata(&link).unwrap();
    assert!(!replaced.is_symlink());
    assert_eq!(replaced.permissions().mode(), umask.permissions().mode());
    fs::set_permissions(&link, fs::Permissions::from_mode(0o600)).unwrap();
    save(&link, &tensors, &SaveOptions::new().mode(Mode::Inherit)).unwrap();
    assert_eq!(
        fs::metadata(&link).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn progress_ends_with_the_size_and_can_cancel() {
    let scratch = Scratch::new();
    let tensors = [SaveTensor::new("x", &[3], &BIAS)];
    let calls = RefCell::new(Vec::new());
    let record = |done, total| {
        calls.borrow_mut().push((done, total));
        ControlFlow::Continue(())
    };
    save(
        scratch.path("a"),
        &tensors,
        &SaveOptions::new().progress(&record),
    )
    .unwrap();
    let size = fs::metadata(scratch.path("a")).unwrap().len();
    assert_eq!(calls.borrow().last(), Some(&(size, size)));
    let cancel = |_, _| ControlFlow::Break(());
    let options = SaveOptions::new().progress(&cancel);
    assert_eq!(
        status(save(scratch.path("b"), &tensors, &options)),
        Status::Cancelled
    );
    assert!(!scratch.path("b").exists());
}

#[test]
fn sink_errors_are_the_source() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(28))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = save_to(&mut Full, &[], &SaveOptions::new()).unwrap_err();
    assert_eq!((error.status(), error.os_error()), (Status::Io, Some(28)));
    let source = std::error::Error::source(&error).unwrap();
    let source = source.downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.raw_os_error(), Some(28));
}
