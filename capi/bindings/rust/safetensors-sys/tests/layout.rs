//! The structs have the sizes and offsets of the C ABI.

use safetensors_sys::dlpack::*;
use safetensors_sys::*;
use std::mem::{size_of, MaybeUninit};
use std::ptr::addr_of;

macro_rules! check_offsets {
    ($name:ident { $($field:ident: $offset:expr),* }) => {
        let memory = MaybeUninit::<$name>::uninit();
        let base = memory.as_ptr();
        $(
            // SAFETY: addr_of! reads nothing.
            let address = unsafe { addr_of!((*base).$field) };
            let offset = address as usize - base as usize;
            assert_eq!(offset, $offset, concat!(stringify!($name), ".", stringify!($field)));
        )*
    };
}

macro_rules! versioned_layouts {
    ($($name:ident $ver0:ident $fields:tt)*) => {$(
        check_offsets!($name $fields);
        assert!(size_of::<$name>() >= $ver0 as usize && size_of::<$name>() % 8 == 0);
        assert_eq!(<$name>::default().size as usize, size_of::<$name>());
    )*};
}

#[test]
fn versioned_structs() {
    versioned_layouts! {
        st_error ST_ERROR_SIZE_VER0 { size: 0, code: 4, os_error: 8, reserved: 12, position: 16, message: 24 }
        st_open_options ST_OPEN_OPTIONS_SIZE_VER0 { size: 0, backend: 4, strictness: 8, access: 12, max_header_size: 16, set_policy: 24, unaligned: 28 }
        st_io ST_IO_SIZE_VER0 { size: 0, reserved: 4, nbytes: 8, read_at: 16, release: 24, user_data: 32 }
        st_identity ST_IDENTITY_SIZE_VER0 { size: 0, reserved: 4, device: 8, inode: 16, nbytes: 24, header_nbytes: 32 }
        st_tensor_info ST_TENSOR_INFO_SIZE_VER0 { size: 0, dtype: 4, name: 8, name_len: 16, shape: 24, rank: 32, nbytes: 40, file_offset: 48 }
        st_shard ST_SHARD_SIZE_VER0 { size: 0, reserved: 4, path: 8, first_offset: 16, nbytes: 24, tensor_count: 32 }
        st_location ST_LOCATION_SIZE_VER0 { size: 0, fd: 4, shard: 8, path: 16, file_offset: 24, nbytes: 32 }
        st_metadata_entry ST_METADATA_ENTRY_SIZE_VER0 { size: 0, reserved: 4, key: 8, key_len: 16, value: 24, value_len: 32 }
        st_save_tensor ST_SAVE_TENSOR_SIZE_VER0 { size: 0, dtype: 4, name: 8, name_len: 16, shape: 24, rank: 32, nbytes: 40, data: 48, fill: 56, user_data: 64, storage_id: 72, storage_nbytes: 80, reserved: 88, reserved2: 96 }
        st_save_options ST_SAVE_OPTIONS_SIZE_VER0 { size: 0, durability: 4, mode: 8, link: 12, metadata_form: 16, reserved: 20, alignment: 24, metadata: 32, metadata_count: 40, progress: 48, progress_user_data: 56 }
        st_set_options ST_SET_OPTIONS_SIZE_VER0 { size: 0, split: 4, index_format: 8, resume: 12, max_shard_size: 16, stem: 24, stem_len: 32, variant: 40, variant_len: 48, index_metadata: 56, index_metadata_count: 64, total_parameters: 72 }
        st_edit ST_EDIT_SIZE_VER0 { size: 0, in_place: 4, set: 8, set_count: 16, remove: 24, remove_count: 32, rename: 40, rename_count: 48 }
    }
}

#[test]
fn dlpack_structs() {
    check_offsets!(DLTensor {
        data: 0,
        device: 8,
        ndim: 16,
        dtype: 20,
        shape: 24,
        strides: 32,
        byte_offset: 40
    });
    check_offsets!(DLManagedTensor {
        dl_tensor: 0,
        manager_ctx: 48,
        deleter: 56
    });
    check_offsets!(DLManagedTensorVersioned {
        version: 0,
        manager_ctx: 8,
        deleter: 16,
        flags: 24,
        dl_tensor: 32
    });
    assert_eq!(size_of::<DLTensor>(), 48);
    assert_eq!(size_of::<DLManagedTensor>(), 64);
    assert_eq!(size_of::<DLManagedTensorVersioned>(), 80);
}

#[test]
fn functions_link_by_their_symbols() {
    // SAFETY: both functions take no argument and return static data.
    let (version, text) = unsafe { (st_version(), std::ffi::CStr::from_ptr(st_version_string())) };
    let (major, minor, patch) = (
        version / 1_000_000,
        version / 1_000 % 1_000,
        version % 1_000,
    );
    assert_eq!(text.to_str().unwrap(), format!("{major}.{minor}.{patch}"));
    assert_eq!((ST_VERSION_MAJOR, ST_ABI_VERSION), (major, 0));
}
