//! `Default` as the C headers' ST_*_INIT initializers: the size of the struct, and zeros.

use crate::bindings::*;

macro_rules! default_is_initializer {
    ($($name:ident)*) => {$(
        impl Default for $name {
            fn default() -> Self {
                // SAFETY: integers, pointers and Option of function pointers may be zero.
                let mut value: Self = unsafe { std::mem::zeroed() };
                value.size = std::mem::size_of::<Self>() as u32;
                value
            }
        }
    )*};
}

default_is_initializer! {
    st_error st_open_options st_io st_identity st_tensor_info st_shard st_location
    st_metadata_entry st_save_tensor st_save_options st_set_options st_edit
}
