//! Finds the shared library: in SAFETENSORS_LIB_DIR, else with pkg-config.

use std::env;
use std::path::Path;
use std::process::Command;

const MINIMUM_VERSION: &str = "0.1.0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in [
        "SAFETENSORS_LIB_DIR",
        "PKG_CONFIG",
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_LIBDIR",
    ] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if let Some(directory) = env::var_os("SAFETENSORS_LIB_DIR") {
        link_from(Path::new(&directory));
    } else if let Err(reason) = link_with_pkg_config() {
        panic!(
            "cannot find libsafetensors {MINIMUM_VERSION} or newer: {reason}\n\
             Install it, set PKG_CONFIG_PATH to the directory of its safetensors.pc, or set \
             SAFETENSORS_LIB_DIR to the directory of libsafetensors.so."
        );
    }
}

fn link_from(directory: &Path) {
    let library = directory.join("libsafetensors.so");
    assert!(
        library.exists(),
        "SAFETENSORS_LIB_DIR: {} does not exist",
        library.display()
    );
    println!("cargo:rustc-link-search=native={}", directory.display());
    println!("cargo:rustc-link-lib=dylib=safetensors");
}

fn link_with_pkg_config() -> Result<(), String> {
    let required = format!("safetensors >= {MINIMUM_VERSION}");
    let program = env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    let output = Command::new(&program)
        .args(["--libs", &required])
        .output()
        .map_err(|error| format!("cannot run {}: {error}", program.to_string_lossy()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_string());
    }
    for argument in String::from_utf8_lossy(&output.stdout).split_whitespace() {
        if let Some(directory) = argument.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={directory}");
        } else if let Some(library) = argument.strip_prefix("-l") {
            println!("cargo:rustc-link-lib=dylib={library}");
        }
    }
    Ok(())
}
