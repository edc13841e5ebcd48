/**
 * @file dlpack.h
 * Tensors of libsafetensors as DLPack tensors, and back: without a copy, for NumPy, PyTorch, JAX
 * and every other library that knows DLPack.
 *
 * The structs are those of DLPack's own header, dlpack/dlpack.h (version 1.1), which programs that
 * access their fields include as well; this header needs only their names. The rules of
 * safetensors.h apply.
 *
 * Dtypes: BOOL is kDLBool; I8 to I64 kDLInt; U8 to U64 kDLUInt; F16, F32, F64 kDLFloat; BF16
 * kDLBfloat; C64 kDLComplex with 64 bits; F8_E4M3 kDLFloat8_e4m3fn, F8_E5M2 kDLFloat8_e5m2, F8_E8M0
 * kDLFloat8_e8m0fnu, F8_E4M3FNUZ kDLFloat8_e4m3fnuz, F8_E5M2FNUZ kDLFloat8_e5m2fnuz; F6_E2M3
 * kDLFloat6_e2m3fn, F6_E3M2 kDLFloat6_e3m2fn and F4 kDLFloat4_e2m1fn, whose elements are packed
 * without padding.
 */
#ifndef SAFETENSORS_DLPACK_H
#define SAFETENSORS_DLPACK_H

#include <safetensors/safetensors.h>

#ifdef __cplusplus
extern "C" {
#endif

struct DLManagedTensorVersioned;
struct DLManagedTensor;

/** A DLPack tensor over the bytes of `tensor`, on device kDLCPU, dense in row-major order, with its
 * strides. It has a reference to `tensor` until its consumer calls (*managed)->deleter(*managed),
 * on any thread. DLPACK_FLAG_BITMASK_READ_ONLY is set unless the file was opened with
 * ST_ACCESS_WRITABLE.
 *
 * Errors: ST_E_UNSUPPORTED if the bytes are not aligned to the element size (open the file with
 * ST_UNALIGNED_COPY); ST_E_OVERFLOW for an extent or a stride over 2^63 - 1.
 * @since 0.1 */
ST_API st_status st_tensor_to_dlpack(st_tensor* tensor, struct DLManagedTensorVersioned** managed,
                                     st_error* error);

/** The same for consumers that know only DLPack before 1.0. That struct cannot mark memory as
 * read-only: fails with ST_E_UNSUPPORTED unless the file was opened with ST_ACCESS_WRITABLE.
 * @since 0.1 */
ST_API st_status st_tensor_to_dlpack_unversioned(st_tensor* tensor,
                                                 struct DLManagedTensor** managed, st_error* error);

/** st_builder_add of a DLPack tensor in CPU memory (kDLCPU, kDLCUDAHost, kDLROCMHost). If it
 * succeeds, the builder owns `managed` and calls its deleter when the builder is freed; else the
 * caller still owns it.
 *
 * kDLFloat4_e2m1fn with two lanes, as PyTorch has it, becomes F4 with twice the last extent.
 *
 * Errors: as st_builder_add; ST_E_DTYPE for an element type that safetensors does not have;
 * ST_E_UNSUPPORTED for memory of another device, strides that are not dense in row-major order,
 * sub-byte elements that are padded to bytes, and a major version of DLPack other than 1.
 * @since 0.1 */
ST_API st_status st_builder_add_dlpack(st_builder* builder, const char* name, uint64_t name_len,
                                       struct DLManagedTensorVersioned* managed, st_error* error);

/** The same for the struct of DLPack before 1.0. @since 0.1 */
ST_API st_status st_builder_add_dlpack_unversioned(st_builder* builder, const char* name,
                                                   uint64_t name_len,
                                                   struct DLManagedTensor* managed,
                                                   st_error* error);

#ifdef __cplusplus
}
#endif

#endif
