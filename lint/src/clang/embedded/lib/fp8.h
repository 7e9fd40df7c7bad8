// cuda_fp8.h, cuda_fp6.h, cuda_fp4.h (light): the storage types and their conversions.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define __CUDA_FP8_H__
#include "lib/bf16.h"

#if defined(__cplusplus)
enum __nv_saturation_t { __NV_NOSAT, __NV_SATFINITE };
enum __nv_fp8_interpretation_t { __NV_E4M3, __NV_E5M2 };
typedef unsigned char __nv_fp8_storage_t;
typedef unsigned short __nv_fp8x2_storage_t;
typedef unsigned int __nv_fp8x4_storage_t;
#define __EMB_FP8(name)                    \
  struct name {                            \
    unsigned char __x;                     \
    name() = default;                      \
    __EMB_HD explicit name(float value);   \
    __EMB_HD explicit name(double value);  \
    __EMB_HD explicit name(int value);     \
    __EMB_HD explicit name(__half value);  \
    __EMB_HD explicit name(__nv_bfloat16 value); \
    __EMB_HD explicit operator float() const;    \
    __EMB_HD explicit operator double() const;   \
    __EMB_HD explicit operator __half() const;   \
    __EMB_HD explicit operator __nv_bfloat16() const; \
    __EMB_HD explicit operator int() const;      \
  };
__EMB_FP8(__nv_fp8_e4m3)
__EMB_FP8(__nv_fp8_e5m2)
__EMB_FP8(__nv_fp8_e8m0)
__EMB_FP8(__nv_fp6_e2m3)
__EMB_FP8(__nv_fp6_e3m2)
__EMB_FP8(__nv_fp4_e2m1)
#define __EMB_FP8_PACK(name, storage, vector) \
  struct name {                               \
    storage __x;                              \
    name() = default;                         \
    __EMB_HD explicit name(vector value);     \
    __EMB_HD explicit operator vector() const; \
  };
__EMB_FP8_PACK(__nv_fp8x2_e4m3, unsigned short, float2)
__EMB_FP8_PACK(__nv_fp8x4_e4m3, unsigned int, float4)
__EMB_FP8_PACK(__nv_fp8x2_e5m2, unsigned short, float2)
__EMB_FP8_PACK(__nv_fp8x4_e5m2, unsigned int, float4)
__EMB_HD __nv_fp8_storage_t __nv_cvt_float_to_fp8(float value, __nv_saturation_t saturate, __nv_fp8_interpretation_t kind);
__EMB_HD __nv_fp8_storage_t __nv_cvt_halfraw_to_fp8(__half value, __nv_saturation_t saturate, __nv_fp8_interpretation_t kind);
__EMB_HD __nv_fp8x2_storage_t __nv_cvt_float2_to_fp8x2(float2 value, __nv_saturation_t saturate, __nv_fp8_interpretation_t kind);
__EMB_HD __half_raw __nv_cvt_fp8_to_halfraw(__nv_fp8_storage_t value, __nv_fp8_interpretation_t kind);
#endif
