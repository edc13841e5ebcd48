//! The structs of DLPack 1.1, to which `<safetensors/dlpack.h>` refers by name.

use std::os::raw::c_void;

/// Major version of DLPack whose [`DLManagedTensorVersioned`] this module has.
pub const DLPACK_MAJOR_VERSION: u32 = 1;

/// Flag of [`DLManagedTensorVersioned`]: consumers must not write to the memory.
pub const DLPACK_FLAG_BITMASK_READ_ONLY: u64 = 1;

/// Device type of memory that the CPU owns.
pub const DL_CPU: i32 = 1;

/// Type codes of [`DLDataType`].
pub mod type_code {
    /// Signed integers.
    pub const INT: u8 = 0;
    /// Unsigned integers.
    pub const UINT: u8 = 1;
    /// IEEE 754 floats.
    pub const FLOAT: u8 = 2;
    /// bfloat16.
    pub const BFLOAT: u8 = 4;
    /// Complex numbers; the bits are those of both parts.
    pub const COMPLEX: u8 = 5;
    /// Booleans of 8 bits.
    pub const BOOL: u8 = 6;
}

/// Version of DLPack that the producer of a tensor used.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DLPackVersion {
    /// Changes that break the layout.
    pub major: u32,
    /// Additions.
    pub minor: u32,
}

/// A device: its type and its index.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DLDevice {
    /// A value such as [`DL_CPU`].
    pub device_type: i32,
    /// The index of the device; 0 for the CPU.
    pub device_id: i32,
}

/// An element type: a type code, the bits of a lane and the number of lanes.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DLDataType {
    /// A code of [`type_code`].
    pub code: u8,
    /// Bits of a lane.
    pub bits: u8,
    /// Number of lanes; 1 unless the type is a vector.
    pub lanes: u16,
}

/// A view of memory as a tensor.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DLTensor {
    /// The memory, `byte_offset` bytes before the first element.
    pub data: *mut c_void,
    /// The device that has the memory.
    pub device: DLDevice,
    /// The number of dimensions.
    pub ndim: i32,
    /// The element type.
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
    /// The view of memory.
    pub dl_tensor: DLTensor,
    /// For the use of the deleter.
    pub manager_ctx: *mut c_void,
    /// Releases the tensor; NULL if that needs nothing.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensor)>,
}

/// A tensor with an owner, a version and flags.
#[repr(C)]
#[derive(Debug)]
pub struct DLManagedTensorVersioned {
    /// The version of the layout.
    pub version: DLPackVersion,
    /// For the use of the deleter.
    pub manager_ctx: *mut c_void,
    /// Releases the tensor; NULL if that needs nothing.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensorVersioned)>,
    /// Bits such as [`DLPACK_FLAG_BITMASK_READ_ONLY`].
    pub flags: u64,
    /// The view of memory.
    pub dl_tensor: DLTensor,
}
