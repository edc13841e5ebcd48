//! The crate uses every function of the C ABI.

use std::fs;
use std::path::Path;

#[test]
fn every_function_of_the_c_abi_is_used() {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bindings = crate_directory.join("../safetensors-sys/src/bindings.rs");
    let bindings = fs::read_to_string(bindings).unwrap();
    let mut sources = String::new();
    for entry in fs::read_dir(crate_directory.join("src")).unwrap() {
        sources += &fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    let is_used = |name: &str| {
        let is_part = |next: char| next.is_alphanumeric() || next == '_';
        sources
            .match_indices(name)
            .any(|(start, _)| !sources[start + name.len()..].starts_with(is_part))
    };
    let functions = bindings.split("pub fn ").skip(1);
    let names: Vec<&str> = functions
        .map(|text| text.split('(').next().unwrap())
        .collect();
    assert!(names.len() > 70, "{} functions", names.len());
    let unused: Vec<_> = names.iter().filter(|name| !is_used(name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
