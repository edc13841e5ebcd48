//! Queries: tensors, metadata, properties, dtypes, statuses.

use crate::scratch::{file_of, sample, status, write_sample, Scratch};
use libsafetensors::*;
use std::os::unix::io::AsRawFd;

#[test]
fn tensors() {
    let file = File::from_bytes(sample()).unwrap();
    assert_eq!((file.len(), file.is_empty()), (2, false));
    assert!(file.contains("weight") && !file.contains("absent"));
    let weight = file.find("weight").unwrap();
    assert_eq!((weight.name, weight.dtype), ("weight", Dtype::F32));
    assert_eq!((weight.shape, weight.nbytes), (&[3u64, 4][..], 48));
    assert_eq!(weight.file_offset, file.data_offset() + 12);
    assert_eq!(file.info("weight").unwrap(), weight);
    assert_eq!(file.find("absent"), None);
    let error = file.info("absent").unwrap_err();
    assert_eq!(error.status(), Status::TensorNotFound);
    assert!(error.message().contains("absent"), "{error}");
    assert_eq!(status(file.info_at(Order::Name, 2)), Status::OutOfRange);
    assert_eq!(status(file.get_at(Order::File, 2)), Status::OutOfRange);
    assert_eq!(file.get_at(Order::Name, 1).unwrap().name(), "weight");
    assert_eq!(
        format!("{file:?}"),
        format!("File {{ tensors: 2, nbytes: {} }}", file.nbytes())
    );
}

#[test]
fn iterators() {
    let header = r#"{"z":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[1,2]},"m":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}"#;
    let file = File::from_bytes(file_of(header, &[1, 2])).unwrap();
    let names = |tensors: Tensors<'_>| tensors.map(|tensor| tensor.name).collect::<String>();
    assert_eq!(names(file.tensors(Order::File)), "zam");
    assert_eq!(names(file.tensors(Order::Name)), "amz");
    assert_eq!(file.tensors(Order::Name).len(), 3);
    let mut both = file.tensors(Order::Name);
    assert_eq!(both.next_back().unwrap().name, "z");
    assert_eq!(both.nth(1).unwrap().name, "m");
    assert_eq!((both.next(), both.len()), (None, 0));
    let mut count = 0;
    for tensor in &file {
        assert!(tensor.nbytes <= 1);
        count += 1;
    }
    assert_eq!(count, 3);
    assert_eq!(file.find("a").unwrap().shape, []);
}

#[test]
fn names_keys_and_values_may_contain_nul() {
    let tensor = SaveTensor::new("a\0b", &[1], &[1u8]);
    let options = SaveOptions::new().metadata("k\0", "\0v").metadata("é", "");
    let file = File::from_bytes(save_to_vec(&[tensor], &options).unwrap()).unwrap();
    assert_eq!(file.find("a\0b").unwrap().name, "a\0b");
    assert!(!file.contains("a"));
    let entries: Vec<_> = file.metadata().collect();
    assert_eq!(entries, [("k\0", "\0v"), ("é", "")]);
    assert_eq!(file.metadata_value("k\0"), Some("\0v"));
    assert_eq!(file.metadata_value("k"), None);
}

#[test]
fn metadata() {
    let bytes = sample();
    let file = File::from_bytes(&bytes).unwrap();
    assert_eq!(file.metadata_len(), 1);
    assert_eq!(file.metadata_at(0).unwrap(), ("format", "pt"));
    assert_eq!(status(file.metadata_at(1)), Status::OutOfRange);
    let range = file.metadata_range("format").unwrap();
    assert_eq!(&bytes[range.start as usize..range.end as usize], b"pt");
    assert_eq!(status(file.metadata_range("x")), Status::MetadataNotFound);
    assert_eq!(file.metadata_form(), MetadataForm::Object);
    for form in [
        MetadataForm::Absent,
        MetadataForm::Null,
        MetadataForm::Object,
    ] {
        let saved = save_to_vec(&[], &SaveOptions::new().metadata_form(form)).unwrap();
        assert_eq!(File::from_bytes(saved).unwrap().metadata_form(), form);
    }
}

#[test]
fn properties() {
    let scratch = Scratch::new();
    let path = scratch.path("a.safetensors");
    write_sample(&path);
    let file = File::open(&path).unwrap();
    assert_eq!(file.nbytes(), file.data_offset() + 60);
    let identity = file.identity().unwrap();
    assert_eq!(identity.nbytes, file.nbytes());
    assert_eq!(identity.header_nbytes + 8, file.data_offset());
    assert_ne!(identity.inode, 0);
    assert_eq!(file.shard_count(), 1);
    assert_eq!(file.shards().next().unwrap().path, path);
    assert_eq!(status(file.shard(1)), Status::OutOfRange);
    let location = file.location("weight").unwrap();
    assert_eq!((location.shard, location.path), (0, &*path));
    assert_eq!(
        location.file_offset,
        file.find("weight").unwrap().file_offset
    );
    assert!(location.fd.unwrap().as_raw_fd() >= 0);
    assert_eq!(status(file.location("absent")), Status::TensorNotFound);
    assert_eq!(file.index_metadata().unwrap(), None);
    let memory = File::from_bytes(sample()).unwrap();
    assert!(memory.location("weight").unwrap().fd.is_none());
}

#[test]
fn dtypes() {
    assert_eq!(Dtype::ALL.len(), 22);
    for dtype in Dtype::ALL {
        assert_eq!(dtype.name().parse::<Dtype>().unwrap(), *dtype);
        assert_eq!(Dtype::from_code(dtype.code()), *dtype);
        assert_ne!(dtype.bits(), 0);
    }
    assert_eq!(Dtype::F8E4M3Fnuz.to_string(), "F8_E4M3FNUZ");
    assert_eq!((Dtype::F6E2M3.bits(), Dtype::C64.bits()), (6, 64));
    assert_eq!(status("F99".parse::<Dtype>()), Status::Dtype);
    let unknown = Dtype::from_code(999);
    assert_eq!(unknown, Dtype::Unknown(999));
    assert_eq!((unknown.name(), unknown.bits()), ("unknown", 0));
    assert_eq!(format!("[{:>5}]", Dtype::U8), "[   U8]");
}

#[test]
fn statuses() {
    for code in 1..120 {
        let status = Status::from_code(code);
        let known = !matches!(status, Status::Unknown(_));
        assert_eq!(status.code(), code);
        assert_eq!(
            status.name() != "unknown",
            known,
            "{code} {}",
            status.name()
        );
    }
    assert_eq!(Status::Json.to_string(), "ST_E_JSON");
    assert_eq!(Status::from_code(60).group(), StatusGroup::Format);
    assert_eq!(Status::SetIndex.group(), StatusGroup::SetsAndWriters);
    assert_eq!(Status::from_code(1000).group(), StatusGroup::Unknown);
    let (major, minor) = (sys::ST_VERSION_MAJOR, sys::ST_VERSION_MINOR);
    assert_eq!(version() / 1000, 1000 * major + minor);
    assert!(version_string().starts_with(&format!("{major}.{minor}.")));
}
