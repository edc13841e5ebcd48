//! Many threads use the same handles.

use crate::scratch::{sample, write_sample, Scratch};
use libsafetensors::*;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const THREADS: usize = 8;
const ROUNDS: usize = 200;

fn use_from_many_threads(file: File<'_>) {
    let shared = file.get("weight").unwrap();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (file, shared) = (file.clone(), &shared);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let copy = shared.clone();
                    let own = file.get("weight").unwrap();
                    let element = (number + round) % 12;
                    assert_eq!(copy.as_slice::<f32>().unwrap()[element], element as f32);
                    assert_eq!(own.as_slice::<f32>().unwrap()[element], element as f32);
                    assert_eq!(file.find("bias").unwrap().nbytes, 12);
                    assert!(file.get("absent").is_err());
                }
            });
        }
        drop(file);
    });
    assert_eq!(shared.to_vec::<f32>().unwrap()[11], 11.0);
}

#[test]
fn files_and_tensors() {
    let scratch = Scratch::new();
    let path = scratch.path("a");
    write_sample(&path);
    use_from_many_threads(File::open(&path).unwrap());
    // SAFETY: nothing modifies the file.
    use_from_many_threads(unsafe { File::map(&path) }.unwrap());
    let bytes = sample();
    use_from_many_threads(File::from_bytes(&bytes).unwrap());
}

/// Fails every other read.
struct EveryOther<'a>(&'a [u8], AtomicUsize);

impl ReadAt for EveryOther<'_> {
    fn nbytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let count = self.1.fetch_add(1, Ordering::Relaxed);
        if offset >= 8 && count % 2 == 1 && buffer.len() == 12 {
            return Err(io::Error::from_raw_os_error(5));
        }
        buffer.copy_from_slice(&self.0[offset as usize..][..buffer.len()]);
        Ok(())
    }
}

#[test]
fn errors_of_readers_stay_in_their_thread() {
    let bytes = sample();
    let file = File::from_reader(EveryOther(&bytes, AtomicUsize::new(0))).unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    match file.get("bias") {
                        Ok(bias) => assert_eq!(bias.as_slice::<f32>().unwrap(), [0.5, 1.5, 2.5]),
                        Err(error) => assert!(std::error::Error::source(&error).is_some()),
                    }
                    let weight = file.get("weight").unwrap();
                    assert_eq!(weight.as_slice::<f32>().unwrap()[11], 11.0);
                }
            });
        }
    });
}
