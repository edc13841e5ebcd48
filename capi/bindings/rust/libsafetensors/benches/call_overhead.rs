//! The time of `File::find` and `File::get` beside that of the C functions.
//!
//! Compiles call_overhead.c with cc, needs the headers (SAFETENSORS_INCLUDE_DIR, else those of the
//! source tree) and SAFETENSORS_LIB_DIR. Both programs run alternately, and the best times count.

use libsafetensors::{save, File, SaveOptions, SaveTensor};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const CALLS: u32 = 1_000_000;
const ROUNDS: u32 = 7;
const NAME: &str = "model.layers.17.self_attn.q_proj.weight";

fn main() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (path, program) = (directory.join("model.safetensors"), directory.join("c"));
    write_model(&path);
    compile(&program);
    // SAFETY: nothing modifies the file.
    let file = unsafe { File::map(&path) }.expect("the file opens");
    let mut best = [[f64::INFINITY; 2]; 2];
    for _ in 0..ROUNDS {
        let times = [times_of_c(&program, &path), times_of_rust(&file)];
        for (best, time) in best.iter_mut().flatten().zip(times.iter().flatten()) {
            *best = best.min(*time);
        }
    }
    println!("nanoseconds    C     Rust  ratio");
    for (function, name) in ["find", "get"].iter().enumerate() {
        let (c, rust) = (best[0][function], best[1][function]);
        println!("{name:<9} {c:7.1} {rust:7.1}  {:5.2}", rust / c);
    }
}

/// A file with the tensor names of a language model.
fn write_model(path: &Path) {
    let layers = (0..32).flat_map(|layer| {
        ["q", "k", "v", "o"]
            .map(|part| format!("model.layers.{layer}.self_attn.{part}_proj.weight"))
    });
    let names: Vec<String> = layers.collect();
    let values = [1f32; 16];
    let tensors: Vec<_> = names
        .iter()
        .map(|name| SaveTensor::new(name, &[4, 4], &values))
        .collect();
    save(path, &tensors, &SaveOptions::new()).expect("the file is saved");
}

fn compile(program: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let include = env::var_os("SAFETENSORS_INCLUDE_DIR")
        .map_or_else(|| source.join("../../../../include"), PathBuf::from);
    let library = env::var("SAFETENSORS_LIB_DIR").expect("SAFETENSORS_LIB_DIR is set");
    let status = Command::new("cc")
        .arg("-O2")
        .arg("-I")
        .arg(include)
        .arg(source.join("benches/call_overhead.c"))
        .arg("-o")
        .arg(program)
        .args([&format!("-L{library}"), "-lsafetensors"])
        .arg(format!("-Wl,-rpath,{library}"))
        .status();
    assert!(status.expect("cc runs").success());
}

fn times_of_c(program: &Path, path: &Path) -> [f64; 2] {
    let run = Command::new(program)
        .arg(path)
        .args([NAME, &CALLS.to_string()])
        .output()
        .expect("the C program runs");
    let text = String::from_utf8_lossy(&run.stdout);
    let times: Vec<f64> = text
        .split_whitespace()
        .map(|time| time.parse().unwrap())
        .collect();
    [times[0], times[1]]
}

fn times_of_rust(file: &File<'_>) -> [f64; 2] {
    let find = time_of(|| file.find(NAME).unwrap().nbytes);
    let get = time_of(|| file.get(NAME).unwrap().nbytes() as u64);
    [find, get]
}

/// Nanoseconds of a call.
fn time_of(call: impl Fn() -> u64) -> f64 {
    let start = Instant::now();
    let sum: u64 = (0..CALLS).map(|_| call()).sum();
    let time = start.elapsed();
    assert_ne!(sum, 0);
    time.as_secs_f64() * 1e9 / f64::from(CALLS)
}
