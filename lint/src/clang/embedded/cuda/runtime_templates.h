// What cuda_runtime.h adds to the C API for C++: typed allocation, symbols, kernels as callees,
// occupancy, textures and the functions that take other defaults. Launch configuration functions.
#pragma once
#pragma clang system_header
#include "runtime_api.h"

typedef enum cudaDataType_t cudaDataType_t;
typedef enum libraryPropertyType_t libraryPropertyType_t;

__EMB_BEGIN_C
// A launch `k<<<grid, block, shared, stream>>>(…)` becomes a call of one of these.
__EMB_HD unsigned int __cudaPushCallConfiguration(dim3 gridDim, dim3 blockDim, size_t sharedMem __EMB_DV(0), struct CUstream_st *stream __EMB_DV(0));
cudaError_t __cudaPopCallConfiguration(dim3 *gridDim, dim3 *blockDim, size_t *sharedMem, void *stream);
__EMB_HD cudaError_t cudaConfigureCall(dim3 gridDim, dim3 blockDim, size_t sharedMem __EMB_DV(0), cudaStream_t stream __EMB_DV(0));
cudaError_t cudaSetupArgument(const void *arg, size_t size, size_t offset);
cudaError_t cudaLaunch(const void *func);
cudaError_t cudaProfilerStart(void);
cudaError_t cudaProfilerStop(void);
cudaError_t cudaProfilerInitialize(const char *configFile, const char *outputFile, int outputMode);
// removed in CUDA 12, still in much code
cudaError_t cudaBindTexture2D(size_t *offset, const struct textureReference *texref, const void *devPtr, const struct cudaChannelFormatDesc *desc, size_t width, size_t height, size_t pitch);
cudaError_t cudaGetTextureReference(const struct textureReference **texref, const void *symbol);
cudaError_t cudaThreadSetLimit(enum cudaLimit limit, size_t value);
__EMB_END_C

#if defined(__cplusplus)
inline __EMB_HD cudaPitchedPtr make_cudaPitchedPtr(void *d, size_t p, size_t xsz, size_t ysz) { return cudaPitchedPtr{d, p, xsz, ysz}; }
inline __EMB_HD cudaPos make_cudaPos(size_t x, size_t y, size_t z) { return cudaPos{x, y, z}; }
inline __EMB_HD cudaExtent make_cudaExtent(size_t w, size_t h, size_t d) { return cudaExtent{w, h, d}; }

// memory
template <class T> __EMB_HD cudaError_t cudaMalloc(T **devPtr, size_t size);
template <class T> cudaError_t cudaMallocHost(T **ptr, size_t size, unsigned int flags = 0);
cudaError_t cudaMallocHost(void **ptr, size_t size, unsigned int flags);
template <class T> cudaError_t cudaHostAlloc(T **ptr, size_t size, unsigned int flags);
template <class T> cudaError_t cudaHostGetDevicePointer(T **pDevice, void *pHost, unsigned int flags);
template <class T> cudaError_t cudaMallocManaged(T **devPtr, size_t size, unsigned int flags = cudaMemAttachGlobal);
template <class T> cudaError_t cudaMallocPitch(T **devPtr, size_t *pitch, size_t width, size_t height);
template <class T> cudaError_t cudaMallocAsync(T **ptr, size_t size, cudaStream_t stream);
template <class T> cudaError_t cudaMallocAsync(T **ptr, size_t size, cudaMemPool_t memPool, cudaStream_t stream);
cudaError_t cudaMallocAsync(void **ptr, size_t size, cudaMemPool_t memPool, cudaStream_t stream);
template <class T> cudaError_t cudaMallocFromPoolAsync(T **ptr, size_t size, cudaMemPool_t memPool, cudaStream_t stream);
template <class T> cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, T *devPtr, size_t length = 0, unsigned int flags = cudaMemAttachSingle);
template <class T> cudaError_t cudaMemPoolImportPointer(T **ptr, cudaMemPool_t memPool, cudaMemPoolPtrExportData *exportData);

// CUDA 13
cudaError_t cudaMemcpyBatchAsync(void *const *dsts, const void *const *srcs, const size_t *sizes, size_t count, cudaMemcpyAttributes attr, cudaStream_t stream);
template <class T, class U> cudaError_t cudaMemcpyBatchAsync(T **dsts, U **srcs, const size_t *sizes, size_t count, cudaMemcpyAttributes *attrs, size_t *attrsIdxs, size_t numAttrs, cudaStream_t stream);
template <class T, class U> cudaError_t cudaMemcpyBatchAsync(T **dsts, U **srcs, size_t *sizes, size_t count, cudaMemcpyAttributes *attrs, size_t *attrsIdxs, size_t numAttrs, size_t *failIdx, cudaStream_t stream);

// symbols
template <class T> cudaError_t cudaMemcpyToSymbol(const T &symbol, const void *src, size_t count, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyHostToDevice);
template <class T> cudaError_t cudaMemcpyToSymbolAsync(const T &symbol, const void *src, size_t count, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyHostToDevice, cudaStream_t stream = 0);
template <class T> cudaError_t cudaMemcpyFromSymbol(void *dst, const T &symbol, size_t count, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyDeviceToHost);
template <class T> cudaError_t cudaMemcpyFromSymbolAsync(void *dst, const T &symbol, size_t count, size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyDeviceToHost, cudaStream_t stream = 0);
template <class T> cudaError_t cudaGetSymbolAddress(void **devPtr, const T &symbol);
template <class P, class T> cudaError_t cudaGetSymbolAddress(P **devPtr, const T &symbol);
template <class T> cudaError_t cudaGetSymbolSize(size_t *size, const T &symbol);

// events, streams, graphs
cudaError_t cudaEventCreate(cudaEvent_t *event, unsigned int flags);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *pGraphExec, cudaGraph_t graph, cudaGraphNode_t *pErrorNode, char *pLogBuffer, size_t bufferSize);
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t hGraphExec, cudaGraph_t hGraph, cudaGraphNode_t *hErrorNode_out, cudaGraphExecUpdateResult *updateResult_out);
template <class T> cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t *pGraphNode, cudaGraph_t graph, const cudaGraphNode_t *pDependencies, size_t numDependencies, const T &symbol, const void *src, size_t count, size_t offset, cudaMemcpyKind kind);
template <class T> cudaError_t cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t *pGraphNode, cudaGraph_t graph, const cudaGraphNode_t *pDependencies, size_t numDependencies, void *dst, const T &symbol, size_t count, size_t offset, cudaMemcpyKind kind);
template <class T> cudaError_t cudaUserObjectCreate(cudaUserObject_t *object_out, T *objectToWrap, unsigned int initialRefcount, unsigned int flags);
template <class T> cudaError_t cudaUserObjectCreate(cudaUserObject_t *object_out, T *objectToWrap, cudaUserObjectFlags flags);

// kernels
template <class T> cudaError_t cudaLaunchKernel(T *func, dim3 gridDim, dim3 blockDim, void **args, size_t sharedMem = 0, cudaStream_t stream = 0);
template <class T> cudaError_t cudaLaunchCooperativeKernel(T *func, dim3 gridDim, dim3 blockDim, void **args, size_t sharedMem = 0, cudaStream_t stream = 0);
template <class... E, class... A> cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, void (*kernel)(E...), A &&...args);
template <class T> cudaError_t cudaLaunch(T *func);
template <class T> cudaError_t cudaFuncSetAttribute(T *func, cudaFuncAttribute attr, int value);
template <class T> cudaError_t cudaFuncSetCacheConfig(T *func, cudaFuncCache cacheConfig);
template <class T> cudaError_t cudaFuncSetSharedMemConfig(T *func, cudaSharedMemConfig config);
template <class T> __EMB_HD cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *attr, T *entry);
template <class T> cudaError_t cudaFuncGetName(const char **name, T *func);
template <class T> cudaError_t cudaGetFuncBySymbol(cudaFunction_t *functionPtr, T *symbol);
template <class T> cudaError_t cudaGetKernel(cudaKernel_t *kernelPtr, T *func);
template <class T> __EMB_HD cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *numBlocks, T func, int blockSize, size_t dynamicSMemSize);
template <class T> __EMB_HD cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *numBlocks, T func, int blockSize, size_t dynamicSMemSize, unsigned int flags);
template <class T> cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t *dynamicSmemSize, T *func, int numBlocks, int blockSize);
template <class T> cudaError_t cudaOccupancyMaxPotentialBlockSize(int *minGridSize, int *blockSize, T func, size_t dynamicSMemSize = 0, int blockSizeLimit = 0);
template <class T> cudaError_t cudaOccupancyMaxPotentialBlockSizeWithFlags(int *minGridSize, int *blockSize, T func, size_t dynamicSMemSize = 0, int blockSizeLimit = 0, unsigned int flags = 0);
template <class F, class T> cudaError_t cudaOccupancyMaxPotentialBlockSizeVariableSMem(int *minGridSize, int *blockSize, T func, F blockSizeToDynamicSMemSize, int blockSizeLimit = 0);
template <class T> cudaError_t cudaOccupancyMaxPotentialClusterSize(int *clusterSize, T *func, const cudaLaunchConfig_t *config);
template <class T> cudaError_t cudaOccupancyMaxActiveClusters(int *numClusters, T *func, const cudaLaunchConfig_t *config);

// channels, textures, surfaces
template <class T> inline cudaChannelFormatDesc cudaCreateChannelDesc() { return cudaChannelFormatDesc(); }
inline cudaChannelFormatDesc cudaCreateChannelDescHalf() { return cudaChannelFormatDesc(); }
inline cudaChannelFormatDesc cudaCreateChannelDescHalf1() { return cudaChannelFormatDesc(); }
inline cudaChannelFormatDesc cudaCreateChannelDescHalf2() { return cudaChannelFormatDesc(); }
inline cudaChannelFormatDesc cudaCreateChannelDescHalf4() { return cudaChannelFormatDesc(); }
#define cudaTextureType1D 0x01
#define cudaTextureType2D 0x02
#define cudaTextureType3D 0x03
#define cudaTextureTypeCubemap 0x0C
#define cudaTextureType1DLayered 0xF1
#define cudaTextureType2DLayered 0xF2
#define cudaTextureTypeCubemapLayered 0xFC
#define cudaSurfaceType1D 0x01
#define cudaSurfaceType2D 0x02
#define cudaSurfaceType3D 0x03
#define cudaSurfaceType2DLayered 0xF2
// Texture and surface references, removed in CUDA 12.
struct textureReference {
  int normalized;
  enum cudaTextureFilterMode filterMode;
  enum cudaTextureAddressMode addressMode[3];
  struct cudaChannelFormatDesc channelDesc;
  int sRGB;
  unsigned int maxAnisotropy;
  enum cudaTextureFilterMode mipmapFilterMode;
  float mipmapLevelBias;
  float minMipmapLevelClamp;
  float maxMipmapLevelClamp;
};
struct surfaceReference {
  struct cudaChannelFormatDesc channelDesc;
};
template <class T, int type = cudaTextureType1D, enum cudaTextureReadMode mode = cudaReadModeElementType> struct texture : public textureReference {
  texture(int norm = 0, enum cudaTextureFilterMode f = cudaFilterModePoint, enum cudaTextureAddressMode a = cudaAddressModeClamp) {}
  texture(int norm, enum cudaTextureFilterMode f, enum cudaTextureAddressMode a, struct cudaChannelFormatDesc desc) {}
};
template <class T, int type = 1> struct surface : public surfaceReference {};
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaBindTexture(size_t *offset, const texture<T, d, m> &tex, const void *devPtr, const cudaChannelFormatDesc &desc, size_t size = 0xffffffffu);
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaBindTexture(size_t *offset, const texture<T, d, m> &tex, const void *devPtr, size_t size = 0xffffffffu);
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaBindTexture2D(size_t *offset, const texture<T, d, m> &tex, const void *devPtr, const cudaChannelFormatDesc &desc, size_t width, size_t height, size_t pitch);
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaBindTexture2D(size_t *offset, const texture<T, d, m> &tex, const void *devPtr, size_t width, size_t height, size_t pitch);
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaBindTextureToArray(const texture<T, d, m> &tex, cudaArray_const_t array, const cudaChannelFormatDesc &desc);
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaBindTextureToArray(const texture<T, d, m> &tex, cudaArray_const_t array);
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaUnbindTexture(const texture<T, d, m> &tex);
template <class T, int d, cudaTextureReadMode m> cudaError_t cudaGetTextureAlignmentOffset(size_t *offset, const texture<T, d, m> &tex);
template <class T, int d> cudaError_t cudaBindSurfaceToArray(const surface<T, d> &surf, cudaArray_const_t array);
template <class T, int d> cudaError_t cudaBindSurfaceToArray(const surface<T, d> &surf, cudaArray_const_t array, const cudaChannelFormatDesc &desc);
#endif
