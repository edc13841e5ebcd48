//! Edits of metadata and names.

use crate::scratch::{status, write_sample, Scratch};
use libsafetensors::*;

#[test]
fn metadata_and_names_change() {
    let scratch = Scratch::new();
    let path = scratch.path("a");
    write_sample(&path);
    let options = SaveOptions::new();
    let edit = Edit::new()
        .set("license", "apache-2.0")
        .remove("format")
        .rename("weight", "bias")
        .rename("bias", "weight");
    let method = edit.apply(&path, &options).unwrap();
    assert!(
        matches!(method, EditMethod::Clone | EditMethod::Copy),
        "{method:?}"
    );
    let file = File::open(&path).unwrap();
    assert_eq!(
        file.metadata().collect::<Vec<_>>(),
        [("license", "apache-2.0")]
    );
    assert_eq!(file.read::<f32>("weight").unwrap(), [0.5, 1.5, 2.5]);
    let again = Edit::new().set("license", "apache-2.0");
    assert_eq!(again.apply(&path, &options).unwrap(), EditMethod::Unchanged);
    let shorter = Edit::new().set("license", "mit").in_place(true);
    assert_eq!(
        shorter.apply(&path, &options).unwrap(),
        EditMethod::Overwrite
    );
    assert_eq!(
        File::open(&path).unwrap().metadata_value("license"),
        Some("mit")
    );
}

#[test]
fn failures_leave_the_file() {
    let scratch = Scratch::new();
    let path = scratch.path("a");
    write_sample(&path);
    let before = std::fs::read(&path).unwrap();
    let plain = SaveOptions::new();
    let apply = |edit: Edit<'_>| status(edit.apply(&path, &plain));
    assert_eq!(
        apply(Edit::new().remove("absent")),
        Status::MetadataNotFound
    );
    assert_eq!(
        apply(Edit::new().rename("absent", "x")),
        Status::TensorNotFound
    );
    assert_eq!(
        apply(Edit::new().rename("weight", "bias")),
        Status::Duplicate
    );
    let metadata = SaveOptions::new().metadata("k", "v");
    let given = Edit::new().set("a", "b").apply(&path, &metadata);
    assert_eq!(status(given), Status::InvalidArgument);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
