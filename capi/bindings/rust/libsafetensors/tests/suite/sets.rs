//! Sets: saving, writing with resume, opening, joining.

use crate::scratch::{status, Scratch};
use libsafetensors::*;
use std::cell::Cell;
use std::fs;
use std::path::Path;

const NAMES: [&str; 3] = ["layer.0", "layer.1", "layer.2"];

fn save_layers(directory: &Path, set: &SetOptions<'_>, options: &SaveOptions<'_>) {
    let layers = [[0u8; 8], [1; 8], [2; 8]];
    let tensors: Vec<_> = NAMES
        .iter()
        .zip(&layers)
        .map(|(name, layer)| SaveTensor::new(name, &[8], layer))
        .collect();
    save_set(directory, &tensors, set, options).unwrap();
}

fn file_names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn saved_sets_open() {
    let scratch = Scratch::new();
    let directory = scratch.path("model");
    let set = SetOptions::new()
        .max_shard_size(8)
        .stem("m")
        .variant("fp16")
        .index_format(IndexFormat::Sorted)
        .index_metadata("owner", "me")
        .total_parameters(77);
    save_layers(
        &directory,
        &set,
        &SaveOptions::new().metadata("format", "pt"),
    );
    let index = "m.safetensors.index.fp16.json";
    assert_eq!(file_names(&directory).len(), 4);
    assert_eq!(
        file_names(&directory)[0],
        "m.fp16-00001-of-00003.safetensors"
    );
    assert!(fs::read_to_string(directory.join(index))
        .unwrap()
        .ends_with('\n'));
    // SAFETY: nothing modifies the files.
    let mapped = unsafe { File::map_set(directory.join(index)) }.unwrap();
    assert!(mapped.is_mapped());
    for file in [File::open_set(&directory).unwrap(), mapped] {
        assert_eq!(
            (file.len(), file.shard_count(), file.data_offset()),
            (3, 3, 0)
        );
        assert_eq!(file.read::<u8>("layer.2").unwrap(), [2; 8]);
        assert_eq!(file.metadata_value("format"), Some("pt"));
        let shards: Vec<_> = file.shards().collect();
        assert_eq!(shards[1].first_offset, shards[0].nbytes);
        assert_eq!(
            (shards[2].tensor_count, file.nbytes()),
            (1, 3 * shards[0].nbytes)
        );
        let location = file.location("layer.1").unwrap();
        assert_eq!((location.shard, location.path), (1, shards[1].path));
        let metadata = file.index_metadata().unwrap().unwrap();
        assert!(
            metadata.contains("owner") && metadata.contains("77"),
            "{metadata}"
        );
    }
}

#[test]
fn splits_and_storages() {
    let scratch = Scratch::new();
    let memory = [1u8; 8];
    let four = ["a", "b", "c", "d"].map(|name| SaveTensor::new(name, &[8], &memory));
    for (split, counts) in [(Split::Hub, [3, 1]), (Split::Balanced, [2, 2])] {
        let set = SetOptions::new().max_shard_size(24).split(split);
        save_set(scratch.path("a"), &four, &set, &SaveOptions::new()).unwrap();
        let file = File::open_set(scratch.path("a")).unwrap();
        let shards: Vec<_> = file.shards().map(|shard| shard.tensor_count).collect();
        assert_eq!(shards, counts);
    }
    let separate = [
        SaveTensor::new("a", &[8], &memory),
        SaveTensor::new("b", &[8], &memory),
    ];
    let shared: Vec<_> = separate.iter().map(|tensor| tensor.storage(1, 8)).collect();
    let set = SetOptions::new().max_shard_size(8);
    for (tensors, shards) in [(&separate[..], 2), (&shared[..], 1)] {
        save_set(scratch.path("b"), tensors, &set, &SaveOptions::new()).unwrap();
        assert_eq!(
            File::open_set(scratch.path("b")).unwrap().shard_count(),
            shards
        );
    }
}

#[test]
fn set_policy() {
    let scratch = Scratch::new();
    let directory = scratch.path("model");
    save_layers(
        &directory,
        &SetOptions::new().max_shard_size(8),
        &SaveOptions::new(),
    );
    let extra = [
        SaveTensor::new("layer.0", &[1], &[1u8]),
        SaveTensor::new("extra", &[1], &[1u8]),
    ];
    save(
        directory.join("model-00001-of-00003.safetensors"),
        &extra,
        &SaveOptions::new(),
    )
    .unwrap();
    assert!(!File::open_set(&directory).unwrap().contains("extra"));
    let all = OpenOptions::new().set_policy(SetPolicy::All);
    assert!(all.open_set(&directory).unwrap().contains("extra"));
    fs::remove_file(directory.join("model-00002-of-00003.safetensors")).unwrap();
    assert_eq!(status(File::open_set(&directory)), Status::SetShardMissing);
}

#[test]
fn set_writer_writes_what_save_set_writes() {
    let scratch = Scratch::new();
    let set = SetOptions::new().max_shard_size(16);
    let (saved, written) = (scratch.path("saved"), scratch.path("written"));
    save_layers(&saved, &set, &SaveOptions::new());
    let mut writer = SetWriter::create(&written, &set, &SaveOptions::new()).unwrap();
    writer.add("layer.0", &[8], &[0u8; 8]).unwrap();
    writer
        .add_bytes("layer.1", Dtype::U8, &[8], &[1; 8])
        .unwrap();
    let mut value = 2;
    let add = writer.add_fill("layer.2", Dtype::U8, &[8], 8, |_, buffer| {
        buffer.fill(value);
        value += 1;
        Ok(())
    });
    add.unwrap();
    assert_eq!(
        status(writer.add("layer.2", &[9], &[0u8; 8])),
        Status::SizeMismatch
    );
    assert!(File::open_set(&written).is_err());
    writer.commit().unwrap();
    assert_eq!(file_names(&written), file_names(&saved));
    for name in file_names(&saved) {
        assert_eq!(
            fs::read(written.join(&name)).unwrap(),
            fs::read(saved.join(&name)).unwrap()
        );
    }
}

#[test]
fn resumed_writers_do_not_ask_for_complete_shards() {
    let scratch = Scratch::new();
    let directory = scratch.path("model");
    let set = SetOptions::new().max_shard_size(8).resume(true);
    let calls = Cell::new(0);
    let add = |writer: &mut SetWriter, name: &str| {
        let added = writer.add_fill(name, Dtype::U8, &[8], 8, |_, buffer| {
            calls.set(calls.get() + 1);
            buffer.fill(3);
            Ok(())
        });
        added.unwrap();
    };
    let mut first = SetWriter::create(&directory, &set, &SaveOptions::new()).unwrap();
    assert!(!first.has_tensor("layer.0"));
    add(&mut first, "layer.0");
    add(&mut first, "layer.1");
    drop(first);
    assert_eq!(calls.take(), 2);
    let mut second = SetWriter::create(&directory, &set, &SaveOptions::new()).unwrap();
    assert!(second.has_tensor("layer.0") && !second.has_tensor("layer.2"));
    for name in NAMES {
        add(&mut second, name);
    }
    assert_eq!(calls.get(), 2);
    second.commit().unwrap();
    assert_eq!(File::open_set(&directory).unwrap().shard_count(), 3);
}

#[test]
fn consolidated_parts() {
    let scratch = Scratch::new();
    let source = scratch.path("parts");
    fs::create_dir(&source).unwrap();
    let part = |name: &str, offset: u64| {
        let info = format!(r#"{{"x":{{"saved_offsets":[{offset}]}}}}"#);
        let options = SaveOptions::new().metadata("DCP_SHARDING_INFO", info);
        let values = [offset, offset + 1];
        let tensor = SaveTensor::new("x", &[2], &values);
        save(source.join(name), &[tensor], &options)
    };
    part("shard-00001-model-00001-of-00001.safetensors", 0).unwrap();
    part("shard-00002-model-00001-of-00001.safetensors", 2).unwrap();
    let joined = scratch.path("joined");
    consolidate(&source, &joined, &SetOptions::new(), &SaveOptions::new()).unwrap();
    let file = File::open_set(&joined).unwrap();
    assert_eq!(file.read::<u64>("x").unwrap(), [0, 1, 2, 3]);
    part("shard-00002-model-00001-of-00001.safetensors", 3).unwrap();
    let gap = consolidate(&source, &joined, &SetOptions::new(), &SaveOptions::new());
    assert_eq!(status(gap), Status::Incomplete);
}
