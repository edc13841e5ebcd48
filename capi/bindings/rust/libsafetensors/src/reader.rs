//! `ReadAt`: sources of bytes that the program provides.

use std::io;
use std::sync::Arc;

/// A file that the program reads, for [`File::from_reader`](crate::File::from_reader): a member of
/// an archive, an object of a store, an encrypted file.
///
/// Several threads can read at once. The library never asks for bytes beyond
/// [`nbytes`](ReadAt::nbytes). An error ends the call of the library with
/// [`Status::Io`](crate::Status::Io) and is its [`source`](std::error::Error::source); a panic
/// continues in the caller of the library's function.
pub trait ReadAt: Send + Sync {
    /// The size of the file in bytes, which does not change.
    fn nbytes(&self) -> u64;

    /// Fills `buffer` with the bytes at `offset`.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

macro_rules! read_at_through {
    ($($pointer:ty),*) => {$(
        impl<R: ReadAt + ?Sized> ReadAt for $pointer {
            fn nbytes(&self) -> u64 {
                (**self).nbytes()
            }

            fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
                (**self).read_exact_at(buffer, offset)
            }
        }
    )*};
}

read_at_through!(&R, Box<R>, Arc<R>);
