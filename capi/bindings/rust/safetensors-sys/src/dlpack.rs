//! The structs of DLPack 1.1, to which `<safetensors/dlpack.h>` refers by name.

#![allow(missing_docs)]

use std::os::raw::c_void;

/// Major version of DLPack whose [`DLManagedTensorVersioned`] this module has.
pub const DLPACK_MAJOR_VERSION: u32 = 1;

/// Flag of [`DLManagedTensorVersioned`]: consumers must not write to the memory.
pub const DLPACK_FLAG_BITMASK_READ_ONLY: u64 = 1;

/// Device type of memory that the CPU owns.
pub const DL_CPU: i32 = 1;

/// Type codes of [`DLDataType`].
pub mod type_code {
    pub const INT: u8 = 0;
    pub const UINT: u8 = 1;
    pub const FLOAT: u8 = 2;
    pub const BFLOAT: u8 = 4;
    pub const COMPLEX: u8 = 5;
    pub const BOOL: u8 = 6;
}

/// Version of DLPack that the producer of a tensor used.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DLPackVersion {
    pub major: u32,
    pub minor: u32,
}

/// A device: its type and its index.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DLDevice {
    pub device_type: i32,
    pub device_id: i32,
}

/// An element type: a type code, the bits of a lane and the number of lanes.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DLDataType {
    pub code: u8,
    pub bits: u8,
    pub lanes: u16,
}

/// A view of memory as a tensor.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DLTensor {
    pub data: *mut c_void,
    pub device: DLDevice,
    pub ndim: i32,
    pub dtype: DLDataType,
    /// `ndim` extents.
    pub shape: *mut i64,
    /// `ndim` strides in elements, or NULL for row-major order.
    pub strides: *mut i64,
    /// Offset of the first element from `data` in bytes.
    pub byte_offset: u64,
}

/// A tensor with an owner, as DLPack before 1.0 has it.
#[repr(C)]
#[derive(Debug)]
pub struct DLManagedTensor {
    pub dl_tensor: DLTensor,
    pub manager_ctx: *mut c_void,
    /// Releases the tensor; NULL if that needs nothing.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensor)>,
}

/// A tensor with an owner, a version and flags.
#[repr(C)]
#[derive(Debug)]
pub struct DLManagedTensorVersioned {
    pub version: DLPackVersion,
    pub manager_ctx: *mut c_void,
    /// Releases the tensor; NULL if that needs nothing.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensorVersioned)>,
    /// Bits such as [`DLPACK_FLAG_BITMASK_READ_ONLY`].
    pub flags: u64,
    pub dl_tensor: DLTensor,
}
