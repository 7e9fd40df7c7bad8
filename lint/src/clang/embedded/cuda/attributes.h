// CUDA attributes, launch syntax and version macros. In C++ and C files that nvcc does not compile the
// attributes vanish, as in the real headers.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define __HOST_DEFINES_H__
#include "std/c_base.h"

#if defined(__cplusplus)
#define __EMB_DV(value) = value
#else
#define __EMB_DV(value)
#endif

#if defined(__CUDA__)
#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __managed__ __attribute__((device)) __attribute__((annotate("cuda_managed")))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#else
#define __host__
#define __device__
#define __global__
#define __shared__
#define __constant__
#define __managed__ __attribute__((annotate("cuda_managed")))
#define __launch_bounds__(...)
#endif
#define __grid_constant__
#define __cluster_dims__(...)
#define __block_size__(...)
#define __maxnreg__(...)
#define __nv_pure__
#define __noinline__ __attribute__((noinline))
#define __forceinline__ __inline__ __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __thread__ __thread
#define __builtin_align__(n) __attribute__((aligned(n)))
#define __device_builtin__
#define __cudart_builtin__
#define __CUDA_DEPRECATED
#define CUDARTAPI
#define CUDARTAPI_CDECL
#define CUDART_CB
#define CUDAAPI
#define CUDA_CB
#define CUDAAPI_CDECL
#define __nvcc_noinline__
#define __CUDA_HOSTDEVICE__ __host__ __device__
#if !defined(__restrict)
#define __restrict __restrict__
#endif

// The command defines __EMB_CUDA_VERSION for every unit.
#if !defined(CUDA_VERSION)
#define CUDA_VERSION __EMB_CUDA_VERSION
#endif
#if !defined(CUDART_VERSION)
#define CUDART_VERSION __EMB_CUDA_VERSION
#endif
#if defined(__CUDA__)
#define __CUDACC_VER_MAJOR__ ( CUDART_VERSION / 1000 )
#define __CUDACC_VER_MINOR__ ( CUDART_VERSION % 1000 / 10 )
#define __CUDACC_VER_BUILD__ 86
#define __CUDACC_EXTENDED_LAMBDA__ 1
#define __CUDACC_RELAXED_CONSTEXPR__ 1
#define __NVCC_DIAG_PRAGMA_SUPPORT__ 1
#endif
#define NV_IF_TARGET(condition, ...)
#define NV_IF_ELSE_TARGET(condition, ...)
#define CUDART_INF_F __builtin_inff()
#define CUDART_INF __builtin_inf()
#define CUDART_NAN_F __builtin_nanf("")
#define CUDART_NAN __builtin_nan("")
#define CUDART_PI_F 3.141592654f
#define CUDART_PI 3.1415926535897931e+0
#define CUDART_PIO2_F 1.570796327f
#define CUDART_SQRT_HALF_F 0.707106781f
#define CUDART_SQRT_TWO 1.4142135623730951e+0
#define CUDART_SQRT_2OVERPI 7.9788456080286536e-1
#define CUDART_L2E_F 1.442695041f
#define CUDART_LN2_F 0.693147181f
#define CUDART_ONE_F 1.0f
#define CUDART_ZERO_F 0.0f
#define CUDART_MAX_NORMAL_F 3.402823466e+38f
#define CUDART_MIN_DENORM_F 1.401298464e-45f

// One structure that runtime and driver API share.
struct CUuuid_st {
  char bytes[16];
};
