// PyTorch (light): streams, guards and events of c10 and ATen. Tensors and the rest are left to the repair.
#pragma once
#pragma clang system_header
#include "lib/cuda_cxx.h"

namespace c10 {
using DeviceIndex = signed char;
namespace cuda {
class CUDAStream {
public:
  CUDAStream(const CUDAStream &other);
  CUDAStream &operator=(const CUDAStream &other);
  operator cudaStream_t() const;
  cudaStream_t stream() const;
  bool query() const;
  void synchronize() const;
  DeviceIndex device_index() const;
  int priority() const;
  long long id() const;
  bool operator==(const CUDAStream &other) const noexcept;
  bool operator!=(const CUDAStream &other) const noexcept;
};
CUDAStream getStreamFromPool(bool high_priority = false, DeviceIndex device = -1);
CUDAStream getStreamFromPool(int priority, DeviceIndex device = -1);
CUDAStream getStreamFromExternal(cudaStream_t stream, DeviceIndex device);
CUDAStream getDefaultCUDAStream(DeviceIndex device = -1);
CUDAStream getCurrentCUDAStream(DeviceIndex device = -1);
void setCurrentCUDAStream(CUDAStream stream);
struct CUDAStreamGuard {
  template <class S> explicit CUDAStreamGuard(S stream);
  ~CUDAStreamGuard();
  CUDAStream original_stream() const;
  CUDAStream current_stream() const;
  template <class S> void reset_stream(S stream);
};
struct OptionalCUDAStreamGuard {
  OptionalCUDAStreamGuard();
  template <class S> explicit OptionalCUDAStreamGuard(S stream);
  ~OptionalCUDAStreamGuard();
  template <class S> void reset_stream(S stream);
};
struct CUDAMultiStreamGuard {
  template <class S> explicit CUDAMultiStreamGuard(S streams);
  ~CUDAMultiStreamGuard();
};
struct CUDAGuard {
  template <class D> explicit CUDAGuard(D device);
  ~CUDAGuard();
  template <class D> void set_device(D device);
  template <class D> void set_index(D device);
};
struct OptionalCUDAGuard {
  OptionalCUDAGuard();
  template <class D> explicit OptionalCUDAGuard(D device);
  ~OptionalCUDAGuard();
  template <class D> void set_device(D device);
};
struct CUDAEvent {
  CUDAEvent() noexcept;
  explicit CUDAEvent(unsigned int flags) noexcept;
  CUDAEvent(CUDAEvent &&other) noexcept;
  ~CUDAEvent();
  operator cudaEvent_t() const;
  cudaEvent_t event() const;
  bool isCreated() const;
  bool query() const;
  void record();
  void record(const CUDAStream &stream);
  void recordOnce(const CUDAStream &stream);
  void block(const CUDAStream &stream);
  void synchronize() const;
  float elapsed_time(const CUDAEvent &other) const;
};
DeviceIndex device_count() noexcept;
DeviceIndex current_device();
void set_device(DeviceIndex device);
void device_synchronize();
void stream_synchronize(cudaStream_t stream);
void memcpy_and_sync(void *dst, const void *src, long long bytes, cudaMemcpyKind kind, cudaStream_t stream);
namespace CUDACachingAllocator {
void *raw_alloc(size_t bytes);
void *raw_alloc_with_stream(size_t bytes, cudaStream_t stream);
void raw_delete(void *pointer);
template <class P> void recordStream(const P &pointer, CUDAStream stream);
template <class... A> void emptyCache(A &&...arguments);
} // namespace CUDACachingAllocator
} // namespace cuda
} // namespace c10
namespace at {
using namespace c10;
namespace cuda {
using namespace c10::cuda;
} // namespace cuda
} // namespace at
namespace torch {
namespace cuda {
void synchronize(long long device = -1);
bool is_available();
} // namespace cuda
} // namespace torch
#define C10_CUDA_CHECK(...) ((void)(__VA_ARGS__))
#define C10_CUDA_CHECK_WARN(...) ((void)(__VA_ARGS__))
#define AT_CUDA_CHECK(...) ((void)(__VA_ARGS__))
#define C10_CUDA_KERNEL_LAUNCH_CHECK() ((void)cudaGetLastError())
#define TORCH_CHECK(...) ((void)0)
