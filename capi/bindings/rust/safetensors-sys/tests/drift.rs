//! The checked-in bindings are what bindgen makes of the headers.
//!
//! Runs in a source tree of libsafetensors, or with SAFETENSORS_INCLUDE_DIR, where bindgen 0.60 is
//! installed; elsewhere it prints why it does not. SAFETENSORS_WRITE_BINDINGS=1 writes the file.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const BINDGEN_VERSION: &str = "bindgen 0.60.";

fn include_directory() -> PathBuf {
    let in_source_tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../include");
    env::var_os("SAFETENSORS_INCLUDE_DIR").map_or(in_source_tree, PathBuf::from)
}

/// Runs bindgen, and removes the `<` that marks the comments behind fields.
fn generate(include: &Path) -> String {
    let output = Command::new("bindgen")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("src/bindings.h")
        .args(["--allowlist-file", r".*/safetensors/[a-z]+\.h"])
        .args(["--blocklist-type", "DLManagedTensor(Versioned)?"])
        .args([
            "--default-enum-style",
            "consts",
            "--no-prepend-enum-name",
            "--no-layout-tests",
        ])
        .args([
            "--raw-line",
            "use crate::dlpack::{DLManagedTensor, DLManagedTensorVersioned};",
        ])
        .arg("--")
        .arg(format!("-I{}", include.display()))
        .output()
        .expect("bindgen runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "bindgen failed: {errors}");
    String::from_utf8(output.stdout)
        .expect("bindgen writes UTF-8")
        .replace("#[doc = \"< ", "#[doc = \" ")
}

/// Removes what depends on the version of rustfmt: white space and trailing commas.
fn without_format(source: &str) -> String {
    let mut text: String = source.chars().filter(|c| !c.is_whitespace()).collect();
    for bracket in [")", "]", "}", ">"] {
        text = text.replace(&format!(",{bracket}"), bracket);
    }
    text
}

fn first_difference(left: &str, right: &str) -> String {
    let same = left
        .bytes()
        .zip(right.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let excerpt = |text: &str| {
        let bytes = &text.as_bytes()[same.saturating_sub(60)..text.len().min(same + 60)];
        String::from_utf8_lossy(bytes).into_owned()
    };
    format!("{}\n{}", excerpt(left), excerpt(right))
}

#[test]
fn bindings_match_the_headers() {
    let include = include_directory();
    if !include.join("safetensors/safetensors.h").exists() {
        eprintln!("skipped: no headers in {}", include.display());
        return;
    }
    let version = Command::new("bindgen")
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    match version {
        Ok(version) if version.starts_with(BINDGEN_VERSION) => {}
        Ok(version) => return eprintln!("skipped: needs {BINDGEN_VERSION}*, this is {version}"),
        Err(error) => return eprintln!("skipped: cannot run bindgen: {error}"),
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bindings.rs");
    let generated = generate(&include);
    if env::var_os("SAFETENSORS_WRITE_BINDINGS").is_some() {
        fs::write(&path, &generated).expect("the source directory is writable");
    }
    let checked_in = fs::read_to_string(&path).expect("src/bindings.rs is readable");
    let (old, new) = (without_format(&checked_in), without_format(&generated));
    assert!(
        old == new,
        "src/bindings.rs differs from the headers; SAFETENSORS_WRITE_BINDINGS=1 updates it:\n{}",
        first_difference(&old, &new)
    );
}
