// Device side built-ins, as far as kernel bodies need them to parse on the host pass: index variables,
// barriers, atomics, warp functions, textures and surfaces, loads and stores. C++ only.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define __DEVICE_LAUNCH_PARAMETERS_H__
#include "runtime_templates.h"
#include "device_math.h"

extern const __device__ uint3 threadIdx;
extern const __device__ uint3 blockIdx;
extern const __device__ dim3 blockDim;
extern const __device__ dim3 gridDim;
extern const __device__ int warpSize;

template <class T> struct __emb_same { typedef T type; };
#define __EMB_T typename __emb_same<T>::type

// barriers and fences
__device__ void __syncthreads();
__device__ int __syncthreads_count(int predicate);
__device__ int __syncthreads_and(int predicate);
__device__ int __syncthreads_or(int predicate);
__device__ void __syncwarp(unsigned mask = 0xffffffffu);
__device__ void __barrier_sync(unsigned id);
__device__ void __barrier_sync_count(unsigned id, unsigned count);
__device__ void __cluster_barrier_arrive();
__device__ void __cluster_barrier_wait();
__device__ void __threadfence();
__device__ void __threadfence_block();
__device__ void __threadfence_system();
__device__ void __trap();
__device__ void __brkpt();
__device__ void __nanosleep(unsigned ns);
__device__ long long clock64();
__device__ unsigned long long globaltimer();
__device__ void __prof_trigger(int counter);
__device__ unsigned __isGlobal(const void *pointer);
__device__ unsigned __isShared(const void *pointer);
__device__ unsigned __isLocal(const void *pointer);
__device__ unsigned __isConstant(const void *pointer);
__device__ size_t __cvta_generic_to_shared(const void *pointer);
__device__ size_t __cvta_generic_to_global(const void *pointer);
__device__ void *__cvta_shared_to_generic(size_t address);
__device__ void __builtin_assume_(bool);

// atomics: the second operand converts to the type of the first
#define __EMB_ATOMIC(name)                                            \
  template <class T> __device__ T name(T *address, __EMB_T value);    \
  template <class T> __device__ T name(volatile T *address, __EMB_T value); \
  template <class T> __device__ T name##_block(T *address, __EMB_T value);  \
  template <class T> __device__ T name##_system(T *address, __EMB_T value);
__EMB_ATOMIC(atomicAdd)
__EMB_ATOMIC(atomicSub)
__EMB_ATOMIC(atomicExch)
__EMB_ATOMIC(atomicMin)
__EMB_ATOMIC(atomicMax)
__EMB_ATOMIC(atomicInc)
__EMB_ATOMIC(atomicDec)
__EMB_ATOMIC(atomicAnd)
__EMB_ATOMIC(atomicOr)
__EMB_ATOMIC(atomicXor)
template <class T> __device__ T atomicCAS(T *address, __EMB_T compare, __EMB_T value);
template <class T> __device__ T atomicCAS(volatile T *address, __EMB_T compare, __EMB_T value);
template <class T> __device__ T atomicCAS_block(T *address, __EMB_T compare, __EMB_T value);
template <class T> __device__ T atomicCAS_system(T *address, __EMB_T compare, __EMB_T value);

// the __nv_atomic family of CUDA 12.8
#define __NV_ATOMIC_RELAXED 0
#define __NV_ATOMIC_CONSUME 1
#define __NV_ATOMIC_ACQUIRE 2
#define __NV_ATOMIC_RELEASE 3
#define __NV_ATOMIC_ACQ_REL 4
#define __NV_ATOMIC_SEQ_CST 5
#define __NV_THREAD_SCOPE_THREAD 0
#define __NV_THREAD_SCOPE_BLOCK 1
#define __NV_THREAD_SCOPE_CLUSTER 2
#define __NV_THREAD_SCOPE_DEVICE 3
#define __NV_THREAD_SCOPE_SYSTEM 4
template <class T> __device__ T __nv_atomic_load_n(const T *address, int order, int scope = 4);
template <class T> __device__ void __nv_atomic_store_n(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ T __nv_atomic_exchange_n(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ bool __nv_atomic_compare_exchange_n(T *address, T *expected, __EMB_T value, bool weak, int success, int failure, int scope = 4);
template <class T> __device__ bool __nv_atomic_compare_exchange(T *address, T *expected, T *value, bool weak, int success, int failure, int scope = 4);
template <class T> __device__ T __nv_atomic_fetch_add(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ T __nv_atomic_fetch_sub(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ T __nv_atomic_fetch_and(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ T __nv_atomic_fetch_or(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ T __nv_atomic_fetch_xor(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ T __nv_atomic_fetch_min(T *address, __EMB_T value, int order, int scope = 4);
template <class T> __device__ T __nv_atomic_fetch_max(T *address, __EMB_T value, int order, int scope = 4);
__device__ void __nv_atomic_thread_fence(int order, int scope = 4);

// warps
template <class T> __device__ T __shfl_sync(unsigned mask, T value, int lane, int width = 32);
template <class T> __device__ T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32);
template <class T> __device__ T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32);
template <class T> __device__ T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32);
template <class T> __device__ T __shfl(T value, int lane, int width = 32);
template <class T> __device__ T __shfl_up(T value, unsigned delta, int width = 32);
template <class T> __device__ T __shfl_down(T value, unsigned delta, int width = 32);
template <class T> __device__ T __shfl_xor(T value, int lanes, int width = 32);
__device__ unsigned __ballot_sync(unsigned mask, int predicate);
__device__ int __all_sync(unsigned mask, int predicate);
__device__ int __any_sync(unsigned mask, int predicate);
__device__ int __uni_sync(unsigned mask, int predicate);
__device__ unsigned __ballot(int predicate);
__device__ int __all(int predicate);
__device__ int __any(int predicate);
__device__ unsigned __activemask();
template <class T> __device__ unsigned __match_any_sync(unsigned mask, T value);
template <class T> __device__ unsigned __match_all_sync(unsigned mask, T value, int *predicate);
template <class T> __device__ T __reduce_add_sync(unsigned mask, T value);
template <class T> __device__ T __reduce_min_sync(unsigned mask, T value);
template <class T> __device__ T __reduce_max_sync(unsigned mask, T value);
template <class T> __device__ T __reduce_and_sync(unsigned mask, T value);
template <class T> __device__ T __reduce_or_sync(unsigned mask, T value);
template <class T> __device__ T __reduce_xor_sync(unsigned mask, T value);

// loads and stores with cache hints
template <class T> __device__ T __ldg(const T *address);
template <class T> __device__ T __ldcg(const T *address);
template <class T> __device__ T __ldca(const T *address);
template <class T> __device__ T __ldcs(const T *address);
template <class T> __device__ T __ldlu(const T *address);
template <class T> __device__ T __ldcv(const T *address);
template <class T> __device__ void __stwb(T *address, __EMB_T value);
template <class T> __device__ void __stcg(T *address, __EMB_T value);
template <class T> __device__ void __stcs(T *address, __EMB_T value);
template <class T> __device__ void __stwt(T *address, __EMB_T value);

// asynchronous copies, grid dependencies, device side launches
__device__ void __pipeline_memcpy_async(void *to, const void *from, size_t size, size_t zfill = 0);
__device__ void __pipeline_commit();
__device__ void __pipeline_wait_prior(size_t n);
__device__ void cudaGridDependencySynchronize();
__device__ void cudaTriggerProgrammaticLaunchCompletion();
__device__ void cudaGraphSetConditional(cudaGraphConditionalHandle handle, unsigned value);
__device__ cudaGraphExec_t cudaGetCurrentGraphExec();
#define cudaStreamTailLaunch ((cudaStream_t)0x3)
#define cudaStreamFireAndForget ((cudaStream_t)0x4)
#define cudaStreamGraphTailLaunch ((cudaStream_t)0x0100000000000000)
#define cudaStreamGraphFireAndForget ((cudaStream_t)0x0200000000000000)

// textures and surfaces: by object, and by the references of CUDA 11 and older
template <class T, int type, cudaTextureReadMode mode> struct __emb_texel { typedef T type_; };
template <class T, int type> struct __emb_texel<T, type, cudaReadModeNormalizedFloat> { typedef float type_; };
template <int type> struct __emb_texel<uchar4, type, cudaReadModeNormalizedFloat> { typedef float4 type_; };
template <int type> struct __emb_texel<uchar2, type, cudaReadModeNormalizedFloat> { typedef float2 type_; };
template <int type> struct __emb_texel<ushort4, type, cudaReadModeNormalizedFloat> { typedef float4 type_; };
template <int type> struct __emb_texel<ushort2, type, cudaReadModeNormalizedFloat> { typedef float2 type_; };
#define __EMB_TEXEL typename __emb_texel<T, d, m>::type_
#define __EMB_TEX(name, ...)                                                                            \
  template <class T> __device__ T name(cudaTextureObject_t texture, __VA_ARGS__);                       \
  template <class T> __device__ void name(T *out, cudaTextureObject_t texture, __VA_ARGS__);            \
  template <class T, int d, cudaTextureReadMode m> __device__ __EMB_TEXEL name(texture<T, d, m> tex, __VA_ARGS__);
__EMB_TEX(tex1Dfetch, int x)
__EMB_TEX(tex1D, float x)
__EMB_TEX(tex1DLod, float x, float level)
__EMB_TEX(tex1DGrad, float x, float dx, float dy)
__EMB_TEX(tex1DLayered, float x, int layer)
__EMB_TEX(tex2D, float x, float y)
__EMB_TEX(tex2DLod, float x, float y, float level)
__EMB_TEX(tex2DGrad, float x, float y, float2 dx, float2 dy)
__EMB_TEX(tex2DLayered, float x, float y, int layer)
__EMB_TEX(tex2Dgather, float x, float y, int component = 0)
__EMB_TEX(tex3D, float x, float y, float z)
__EMB_TEX(tex3DLod, float x, float y, float z, float level)
__EMB_TEX(texCubemap, float x, float y, float z)
__EMB_TEX(texCubemapLayered, float x, float y, float z, int layer)
#define __EMB_SURF(name, ...)                                                                                                   \
  template <class T> __device__ T name##read(cudaSurfaceObject_t surface, __VA_ARGS__, cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap); \
  template <class T> __device__ void name##read(T *out, cudaSurfaceObject_t surface, __VA_ARGS__, cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap); \
  template <class T> __device__ void name##write(T value, cudaSurfaceObject_t surface, __VA_ARGS__, cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap); \
  template <class T, class U, int d> __device__ void name##read(T *out, surface<U, d> s, __VA_ARGS__, cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap); \
  template <class T, class U, int d> __device__ void name##write(T value, surface<U, d> s, __VA_ARGS__, cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap);
__EMB_SURF(surf1D, int x)
__EMB_SURF(surf2D, int x, int y)
__EMB_SURF(surf3D, int x, int y, int z)
__EMB_SURF(surf1DLayered, int x, int layer)
__EMB_SURF(surf2DLayered, int x, int y, int layer)
__EMB_SURF(surfCubemap, int x, int y, int face)
__EMB_SURF(surfCubemapLayered, int x, int y, int layer)
