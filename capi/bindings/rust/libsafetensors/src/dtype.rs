//! `Dtype`: the element types of tensors.

use crate::error::{call, Error, Result};
use safetensors_sys as sys;
use std::ffi::CStr;
use std::fmt;
use std::str::FromStr;

macro_rules! dtypes {
    ($($(#[$doc:meta])* $variant:ident = $code:ident,)*) => {
        /// An element type.
        ///
        /// ```
        /// use libsafetensors::Dtype;
        ///
        /// let dtype: Dtype = "BF16".parse()?;
        /// assert_eq!((dtype, dtype.bits()), (Dtype::Bf16, 16));
        /// # Ok::<(), libsafetensors::Error>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Dtype {
            $($(#[$doc])* $variant,)*
            /// A dtype of a newer library; its name and its bits are known.
            Unknown(u32),
        }

        impl Dtype {
            /// The dtypes that this crate knows.
            pub const ALL: &'static [Dtype] = &[$(Dtype::$variant),*];

            /// The dtype of a value of the C ABI's `enum st_dtype`.
            #[inline]
            pub fn from_code(code: u32) -> Dtype {
                match code {
                    $(sys::$code => Dtype::$variant,)*
                    _ => Dtype::Unknown(code),
                }
            }

            /// The value of the C ABI's `enum st_dtype`.
            #[inline]
            pub fn code(self) -> u32 {
                match self {
                    $(Dtype::$variant => sys::$code,)*
                    Dtype::Unknown(code) => code,
                }
            }
        }
    };
}

dtypes! {
    /// Boolean, one byte.
    Bool = ST_DTYPE_BOOL,
    /// 4-bit float, E2M1, two in a byte.
    F4 = ST_DTYPE_F4,
    /// 6-bit float, E2M3, four in three bytes.
    F6E2M3 = ST_DTYPE_F6_E2M3,
    /// 6-bit float, E3M2, four in three bytes.
    F6E3M2 = ST_DTYPE_F6_E3M2,
    /// Unsigned 8-bit integer.
    U8 = ST_DTYPE_U8,
    /// Signed 8-bit integer.
    I8 = ST_DTYPE_I8,
    /// 8-bit float, E5M2.
    F8E5M2 = ST_DTYPE_F8_E5M2,
    /// 8-bit float, E4M3.
    F8E4M3 = ST_DTYPE_F8_E4M3,
    /// 8-bit exponent, E8M0.
    F8E8M0 = ST_DTYPE_F8_E8M0,
    /// 8-bit float, E4M3, finite, without negative zero.
    F8E4M3Fnuz = ST_DTYPE_F8_E4M3FNUZ,
    /// 8-bit float, E5M2, finite, without negative zero.
    F8E5M2Fnuz = ST_DTYPE_F8_E5M2FNUZ,
    /// Signed 16-bit integer.
    I16 = ST_DTYPE_I16,
    /// Unsigned 16-bit integer.
    U16 = ST_DTYPE_U16,
    /// IEEE 754 half precision.
    F16 = ST_DTYPE_F16,
    /// bfloat16.
    Bf16 = ST_DTYPE_BF16,
    /// Signed 32-bit integer.
    I32 = ST_DTYPE_I32,
    /// Unsigned 32-bit integer.
    U32 = ST_DTYPE_U32,
    /// IEEE 754 single precision.
    F32 = ST_DTYPE_F32,
    /// Complex, two [`Dtype::F32`].
    C64 = ST_DTYPE_C64,
    /// IEEE 754 double precision.
    F64 = ST_DTYPE_F64,
    /// Signed 64-bit integer.
    I64 = ST_DTYPE_I64,
    /// Unsigned 64-bit integer.
    U64 = ST_DTYPE_U64,
}

impl Dtype {
    /// The name as in a header, such as `BF16`; `unknown` for a value that the library does not
    /// have.
    pub fn name(self) -> &'static str {
        // SAFETY: the library returns NULL or a static, NUL-terminated string.
        let name = unsafe {
            let name = sys::st_dtype_name(self.code());
            (!name.is_null()).then(|| CStr::from_ptr(name))
        };
        name.and_then(|name| name.to_str().ok())
            .unwrap_or("unknown")
    }

    /// Bits of an element; 0 for a value that the library does not have.
    pub fn bits(self) -> u32 {
        // SAFETY: the library accepts every value.
        unsafe { sys::st_dtype_bits(self.code()) }
    }
}

/// The name of the dtype.
impl fmt::Display for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Parses the name as in a header. Fails with [`Status::Dtype`](crate::Status::Dtype).
impl FromStr for Dtype {
    type Err = Error;

    fn from_str(name: &str) -> Result<Dtype> {
        let mut code = 0;
        // SAFETY: the name is valid for reads, and the outputs are valid for writes.
        call(|error| unsafe {
            sys::st_dtype_from_name(name.as_ptr().cast(), name.len() as u64, &mut code, error)
        })?;
        Ok(Dtype::from_code(code))
    }
}
