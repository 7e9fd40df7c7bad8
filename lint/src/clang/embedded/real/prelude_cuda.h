// Force-included into files that nvcc compiles, when real headers are used: the runtime's header, launch
// configuration, device built-ins.
//
// The runtime's header is read as host compilers see it: what it adds for nvcc declares built-ins of nvcc that
// clang knows otherwise, or, since CUDA 13, not at all. Only the attributes are taken as nvcc has them.
#pragma once
#pragma clang system_header
#include "real/std.h"
#if __has_include(<crt/host_defines.h>)
#include <crt/host_defines.h>
#else
#include <host_defines.h>
#endif
#undef __CUDACC__
#include <cuda_runtime.h>
#define __CUDACC__ 1
#define __CUDACC_VER_MAJOR__ (CUDART_VERSION / 1000)
#define __CUDACC_VER_MINOR__ (CUDART_VERSION % 1000 / 10)
#define __CUDACC_VER_BUILD__ 0
#define __CUDACC_EXTENDED_LAMBDA__ 1
#define __CUDACC_RELAXED_CONSTEXPR__ 1
// clang has this attribute for HIP only.
#undef __managed__
#define __managed__ __attribute__((device)) __attribute__((annotate("cuda_managed")))
#undef __grid_constant__
#define __grid_constant__
#if !defined(__cluster_dims__)
#define __cluster_dims__(...)
#endif

__EMB_BEGIN_C
// A launch `k<<<grid, block, shared, stream>>>(…)` becomes a call of one of these.
__EMB_HD unsigned int __cudaPushCallConfiguration(dim3 gridDim, dim3 blockDim, size_t sharedMem = 0, struct CUstream_st *stream = 0);
__EMB_HD cudaError_t cudaConfigureCall(dim3 gridDim, dim3 blockDim, size_t sharedMem = 0, cudaStream_t stream = 0);
__EMB_END_C
#include "real/kernels.h"
#include "cuda/device.h"
