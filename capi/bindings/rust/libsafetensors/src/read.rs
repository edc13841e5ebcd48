//! Reading of tensors, slices and bytes into memory of the program's own, and into the page cache.

use crate::element::{bytes_of, count_in, count_of, read_vec};
use crate::error::{call, Result};
#[cfg(doc)]
use crate::Status;
use crate::{Element, File};
use safetensors_sys as sys;
use std::mem::size_of;
use std::ops::Range;
use std::os::raw::c_void;

/// The bounds of a slice as the C ABI takes them.
struct Bounds {
    starts: Vec<u64>,
    stops: Vec<u64>,
}

impl Bounds {
    fn new(ranges: &[Range<u64>]) -> Bounds {
        Bounds {
            starts: ranges.iter().map(|range| range.start).collect(),
            stops: ranges.iter().map(|range| range.end).collect(),
        }
    }
}

/// Read.
impl File<'_> {
    /// Reads the elements of a tensor. Fails with [`Status::InvalidArgument`] if `T` does not view
    /// the tensor's dtype.
    pub fn read<T: Element>(&self, name: &str) -> Result<Vec<T>> {
        let count = count_of::<T>(&self.info(name)?)?;
        read_vec(count, |buffer: *mut T| {
            // SAFETY: the buffer has room for `count` elements.
            unsafe { self.read_raw(name, buffer.cast(), count * size_of::<T>()) }
        })
    }

    /// Reads the bytes of a tensor of any dtype.
    pub fn read_bytes(&self, name: &str) -> Result<Vec<u8>> {
        let count = count_in::<u8>(self.info(name)?.nbytes)?;
        read_vec(count, |buffer: *mut u8| {
            // SAFETY: the buffer has room for `count` bytes.
            unsafe { self.read_raw(name, buffer.cast(), count) }
        })
    }

    /// Reads the elements of a tensor into `buffer`, and returns their number. Fails with
    /// [`Status::BufferTooSmall`].
    pub fn read_into<T: Element>(&self, name: &str, buffer: &mut [T]) -> Result<usize> {
        let count = count_of::<T>(&self.info(name)?)?;
        let nbytes = bytes_of(buffer).len();
        // SAFETY: the buffer is valid for writes.
        unsafe { self.read_raw(name, buffer.as_mut_ptr().cast(), nbytes) }?;
        Ok(count)
    }

    /// Reads the bytes of a tensor of any dtype into `buffer`, and returns their number. Fails with
    /// [`Status::BufferTooSmall`].
    pub fn read_bytes_into(&self, name: &str, buffer: &mut [u8]) -> Result<usize> {
        let count = count_in::<u8>(self.info(name)?.nbytes)?;
        // SAFETY: the buffer is valid for writes.
        unsafe { self.read_raw(name, buffer.as_mut_ptr().cast(), buffer.len()) }?;
        Ok(count)
    }

    /// Fills `buffer` with the bytes at `file_offset`, counted from the first byte of the file.
    /// Fails with [`Status::OutOfRange`] beyond the end of the file.
    pub fn read_exact_at(&self, buffer: &mut [u8], file_offset: u64) -> Result<()> {
        let data = buffer.as_mut_ptr().cast::<c_void>();
        // SAFETY: the handle is valid, and the buffer is valid for writes.
        call(|error| unsafe {
            sys::st_read_at(self.as_raw(), file_offset, data, buffer.len() as u64, error)
        })
    }

    /// Starts to read all bytes of the file into the page cache, and does not wait for them. Does
    /// nothing for memory and readers.
    pub fn prefetch(&self) -> Result<()> {
        self.prefetch_range(0..self.nbytes())
    }

    /// The same for the bytes of a tensor. Fails with [`Status::TensorNotFound`].
    pub fn prefetch_tensor(&self, name: &str) -> Result<()> {
        let info = self.info(name)?;
        self.prefetch_range(info.file_offset..info.file_offset + info.nbytes)
    }

    /// The same for a range of bytes, counted from the first byte of the file. Fails with
    /// [`Status::OutOfRange`] unless start <= end <= size of the file, and with
    /// [`Status::Changed`] for a shard of a set that cannot be opened again.
    pub fn prefetch_range(&self, range: Range<u64>) -> Result<()> {
        // An end before the start becomes a length beyond the end of every file.
        let nbytes = range.end.wrapping_sub(range.start);
        // SAFETY: the handle is valid.
        call(|error| unsafe { sys::st_file_prefetch(self.as_raw(), range.start, nbytes, error) })
    }

    /// Reads the elements within one range for each dimension, dense, in row-major order.
    ///
    /// ```no_run
    /// # let file = libsafetensors::File::open("model.safetensors")?;
    /// let block: Vec<f32> = file.read_slice("weight", &[0..2, 1..3])?;
    /// # Ok::<(), libsafetensors::Error>(())
    /// ```
    ///
    /// Fails with [`Status::OutOfRange`] unless start <= end <= extent, and with
    /// [`Status::InvalidArgument`] for another rank and if `T` does not view the dtype.
    pub fn read_slice<T: Element>(&self, name: &str, ranges: &[Range<u64>]) -> Result<Vec<T>> {
        count_of::<T>(&self.info(name)?)?;
        let bounds = Bounds::new(ranges);
        let count = count_in::<T>(self.slice_size(name, &bounds)?)?;
        read_vec(count, |buffer: *mut T| {
            // SAFETY: the buffer has room for `count` elements.
            let read =
                unsafe { self.slice_raw(name, &bounds, buffer.cast(), count * size_of::<T>()) }?;
            debug_assert_eq!(read as usize, count * size_of::<T>());
            Ok(())
        })
    }

    /// Reads the bytes of a slice of any dtype into `buffer`, and returns their number. Fails as
    /// [`File::read_slice`], and with [`Status::Subbyte`] if a contiguous run is not a whole number
    /// of bytes.
    pub fn read_slice_bytes_into(
        &self,
        name: &str,
        ranges: &[Range<u64>],
        buffer: &mut [u8],
    ) -> Result<usize> {
        let bounds = Bounds::new(ranges);
        // SAFETY: the buffer is valid for writes.
        let read =
            unsafe { self.slice_raw(name, &bounds, buffer.as_mut_ptr().cast(), buffer.len()) }?;
        Ok(read as usize)
    }

    /// The size of a slice in bytes.
    pub fn slice_nbytes(&self, name: &str, ranges: &[Range<u64>]) -> Result<u64> {
        self.slice_size(name, &Bounds::new(ranges))
    }

    fn slice_size(&self, name: &str, bounds: &Bounds) -> Result<u64> {
        // SAFETY: without a buffer the call only computes the size.
        unsafe { self.slice_raw(name, bounds, std::ptr::null_mut(), 0) }
    }

    /// # Safety
    /// `buffer` is valid for writes of `nbytes` bytes.
    unsafe fn read_raw(&self, name: &str, buffer: *mut c_void, nbytes: usize) -> Result<()> {
        let (start, len) = (name.as_ptr().cast(), name.len() as u64);
        call(|error| sys::st_read_tensor(self.as_raw(), start, len, buffer, nbytes as u64, error))
    }

    /// # Safety
    /// `buffer` is valid for writes of `nbytes` bytes, or NULL if they are 0.
    unsafe fn slice_raw(
        &self,
        name: &str,
        bounds: &Bounds,
        buffer: *mut c_void,
        nbytes: usize,
    ) -> Result<u64> {
        let mut read = 0;
        call(|error| {
            sys::st_read_slice(
                self.as_raw(),
                name.as_ptr().cast(),
                name.len() as u64,
                bounds.starts.as_ptr(),
                bounds.stops.as_ptr(),
                bounds.starts.len() as u64,
                buffer,
                nbytes as u64,
                &mut read,
                error,
            )
        })?;
        Ok(read)
    }
}
