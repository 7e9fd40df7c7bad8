// HIP's runtime API: what build.rs makes of CUDA's, and what HIP has of its own.
#pragma once
#pragma clang system_header
// hipcc defines it for whatever it compiles; what is parsed as CUDA is compiled by it, if it includes this.
#if defined(__CUDACC__) && !defined(__HIPCC__)
#define __HIPCC__ 1
#endif
#include "cuda/runtime_host.h"
#include "lib/hip_generated.h"

#define hipDeviceProp_t cudaDeviceProp
#define hipPointerAttribute_t cudaPointerAttributes
#define hipHostMallocDefault 0x0
#define hipHostMallocPortable 0x1
#define hipHostMallocMapped 0x2
#define hipHostMallocWriteCombined 0x4
#define hipHostMallocNumaUser 0x20000000
#define hipHostMallocCoherent 0x40000000
#define hipHostMallocNonCoherent 0x80000000
#define HIP_KERNEL_NAME(...) __VA_ARGS__
#define HIP_SYMBOL(X) X
#define hipThreadIdx_x threadIdx.x
#define hipThreadIdx_y threadIdx.y
#define hipThreadIdx_z threadIdx.z
#define hipBlockIdx_x blockIdx.x
#define hipBlockIdx_y blockIdx.y
#define hipBlockIdx_z blockIdx.z
#define hipBlockDim_x blockDim.x
#define hipBlockDim_y blockDim.y
#define hipBlockDim_z blockDim.z
#define hipGridDim_x gridDim.x
#define hipGridDim_y gridDim.y
#define hipGridDim_z gridDim.z

__EMB_BEGIN_C
cudaError_t hipHostMalloc(void **ptr, size_t size, unsigned int flags __EMB_DV(0));
cudaError_t hipHostFree(void *ptr);
cudaError_t hipMemcpyWithStream(void *dst, const void *src, size_t size, enum cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t hipExtMallocWithFlags(void **ptr, size_t size, unsigned int flags);
cudaError_t hipInit(unsigned int flags);
__EMB_END_C

#if defined(__cplusplus)
template <class T> cudaError_t hipHostMalloc(T **ptr, size_t size, unsigned int flags = 0);
template <class T> cudaError_t hipExtMallocWithFlags(T **ptr, size_t size, unsigned int flags);
#endif

#if defined(__CUDA__)
#define hipLaunchKernelGGL(kernel, grid, block, bytes, stream, ...) \
  (kernel)<<<(grid), (block), (bytes), (stream)>>>(__VA_ARGS__)
#endif
