//! What must not compile, each with the line that makes the difference.
//!
//! A borrow ends before the file:
//!
//! ```compile_fail,E0597
//! use libsafetensors::File;
//! let file;
//! {
//!     let bytes = vec![0u8; 16];
//!     file = File::from_bytes(&bytes);
//! }
//! drop(file);
//! ```
//!
//! A borrow ends before a tensor of the file:
//!
//! ```compile_fail,E0505
//! use libsafetensors::File;
//! let bytes = vec![0u8; 16];
//! let tensor = File::from_bytes(&bytes).unwrap().get("x").unwrap();
//! drop(bytes);
//! tensor.nbytes();
//! ```
//!
//! A borrow ends before a DLPack tensor:
//!
//! ```compile_fail,E0505
//! use libsafetensors::File;
//! let bytes = vec![0u8; 16];
//! let exported = File::from_bytes(&bytes).unwrap().get("x").unwrap().to_dlpack().unwrap();
//! drop(bytes);
//! exported.managed();
//! ```
//!
//! A file ends before its entry:
//!
//! ```compile_fail,E0505
//! use libsafetensors::File;
//! let file = File::open("x").unwrap();
//! let info = file.find("x").unwrap();
//! drop(file);
//! println!("{}", info.name);
//! ```
//!
//! A tensor ends before its slice:
//!
//! ```compile_fail,E0505
//! use libsafetensors::File;
//! let tensor = File::open("x").unwrap().get("x").unwrap();
//! let elements = tensor.as_slice::<f32>().unwrap();
//! drop(tensor);
//! println!("{elements:?}");
//! ```
//!
//! Two exclusive slices of a tensor:
//!
//! ```compile_fail,E0499
//! use libsafetensors::File;
//! let mut tensor = File::open("x").unwrap().get_mut("x").unwrap();
//! let one = tensor.as_mut_slice::<f32>().unwrap();
//! let two = tensor.as_mut_slice::<f32>().unwrap();
//! one[0] = two[0];
//! ```
//!
//! Another reference to an exclusive tensor:
//!
//! ```compile_fail,E0599
//! use libsafetensors::File;
//! let tensor = File::open("x").unwrap().get_mut("x").unwrap();
//! let other = tensor.clone();
//! ```
//!
//! Bytes end before the builder:
//!
//! ```compile_fail,E0505
//! use libsafetensors::{Builder, SaveOptions};
//! let values = vec![1f32];
//! let mut builder = Builder::new().unwrap();
//! builder.add("x", &[1], &values).unwrap();
//! drop(values);
//! builder.save("x", &SaveOptions::new()).unwrap();
//! ```
//!
//! A fill callback that is not `Send`:
//!
//! ```compile_fail,E0277
//! use libsafetensors::{Builder, Dtype};
//! let count = std::rc::Rc::new(std::cell::Cell::new(0));
//! let mut builder = Builder::new().unwrap();
//! builder.add_fill("x", Dtype::U8, &[1], 1, move |_, _| Ok(count.set(1))).unwrap();
//! ```
//!
//! An owner that is not `Send`:
//!
//! ```compile_fail,E0277
//! use libsafetensors::File;
//! struct Owner(std::rc::Rc<Vec<u8>>);
//! impl AsRef<[u8]> for Owner {
//!     fn as_ref(&self) -> &[u8] {
//!         &self.0
//!     }
//! }
//! let file = File::from_bytes(Owner(Default::default()));
//! ```
//!
//! A reader that is not `Sync`:
//!
//! ```compile_fail,E0277
//! struct Reader(std::cell::Cell<u64>);
//! impl libsafetensors::ReadAt for Reader {
//!     fn nbytes(&self) -> u64 {
//!         self.0.get()
//!     }
//!     fn read_exact_at(&self, _: &mut [u8], _: u64) -> std::io::Result<()> {
//!         Ok(())
//!     }
//! }
//! ```
//!
//! A commit while another thread writes:
//!
//! ```compile_fail,E0502
//! use libsafetensors::{SaveOptions, Writer};
//! let mut writer = Writer::create("x", &[], &SaveOptions::new()).unwrap();
//! std::thread::scope(|scope| {
//!     scope.spawn(|| writer.write(0, 0, &[1]));
//!     writer.commit().unwrap();
//! });
//! ```
//!
//! A view as `bool`, whose bytes are 0 or 1 only:
//!
//! ```compile_fail,E0277
//! use libsafetensors::File;
//! let values = File::open("x").unwrap().read::<bool>("x");
//! ```
//!
//! A mapping without `unsafe`:
//!
//! ```compile_fail,E0133
//! let file = libsafetensors::File::map("x");
//! ```
