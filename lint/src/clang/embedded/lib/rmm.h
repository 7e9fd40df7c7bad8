// RMM (light), for code that uses it: streams, buffers, device vectors, execution policies.
// Within RMM's own sources the real headers win, as they lie on the include path.
#pragma once
#pragma clang system_header
#include "lib/cuda_cxx.h"
#include "lib/thrust.h"

namespace rmm {
class logic_error : public std::logic_error {
  using std::logic_error::logic_error;
};
class cuda_error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
class bad_alloc : public std::bad_alloc {
public:
  bad_alloc(const std::string &what);
};
class out_of_memory : public bad_alloc {
  using bad_alloc::bad_alloc;
};
struct cuda_device_id {
  explicit constexpr cuda_device_id(int id) noexcept : __id(id) {}
  constexpr int value() const noexcept { return __id; }

private:
  int __id;
};
cuda_device_id get_current_cuda_device();
int get_num_cuda_devices();
struct cuda_set_device_raii {
  explicit cuda_set_device_raii(cuda_device_id device);
  ~cuda_set_device_raii();
};
class cuda_stream_view {
public:
  constexpr cuda_stream_view() = default;
  constexpr cuda_stream_view(cudaStream_t stream) noexcept : __stream(stream) {}
  cuda_stream_view(cuda::stream_ref stream) noexcept;
  constexpr cudaStream_t value() const noexcept { return __stream; }
  constexpr operator cudaStream_t() const noexcept { return __stream; }
  operator cuda::stream_ref() const noexcept;
  bool is_per_thread_default() const noexcept;
  bool is_default() const noexcept;
  void synchronize() const;
  void synchronize_no_throw() const noexcept;

private:
  cudaStream_t __stream = nullptr;
};
inline constexpr cuda_stream_view cuda_stream_default{};
extern const cuda_stream_view cuda_stream_legacy;
extern const cuda_stream_view cuda_stream_per_thread;
class cuda_stream {
public:
  enum class flags : unsigned { sync_default = 0, non_blocking = 1 };
  explicit cuda_stream(flags value = flags::sync_default);
  cuda_stream(cuda_stream &&other);
  ~cuda_stream();
  cuda_stream &operator=(cuda_stream &&other);
  bool is_valid() const;
  cudaStream_t value() const;
  explicit operator cudaStream_t() const noexcept;
  cuda_stream_view view() const;
  operator cuda_stream_view() const;
  void synchronize() const;
};
class cuda_stream_pool {
public:
  explicit cuda_stream_pool(size_t size = 16, cuda_stream::flags flags = cuda_stream::flags::sync_default);
  ~cuda_stream_pool();
  cuda_stream_view get_stream() const noexcept;
  cuda_stream_view get_stream(size_t id) const;
  size_t get_pool_size() const noexcept;
};
using device_resource_ref = cuda::mr::resource_ref<cuda::mr::device_accessible>;
using device_async_resource_ref = cuda::mr::resource_ref<cuda::mr::device_accessible>;
using host_resource_ref = cuda::mr::resource_ref<cuda::mr::host_accessible>;
using host_async_resource_ref = cuda::mr::resource_ref<cuda::mr::host_accessible>;
using host_device_async_resource_ref = cuda::mr::resource_ref<cuda::mr::host_accessible, cuda::mr::device_accessible>;
namespace mr {
class device_memory_resource {
public:
  virtual ~device_memory_resource();
  void *allocate(size_t bytes, cuda_stream_view stream = cuda_stream_view{});
  void deallocate(void *pointer, size_t bytes, cuda_stream_view stream = cuda_stream_view{});
};
#define __EMB_RMM_RESOURCE(name)                       \
  class name : public device_memory_resource {         \
  public:                                              \
    template <class... A> explicit name(A &&...args);  \
  };
__EMB_RMM_RESOURCE(cuda_memory_resource)
__EMB_RMM_RESOURCE(cuda_async_memory_resource)
__EMB_RMM_RESOURCE(managed_memory_resource)
__EMB_RMM_RESOURCE(pinned_host_memory_resource)
template <class U> class pool_memory_resource : public device_memory_resource {
public:
  template <class... A> explicit pool_memory_resource(A &&...args);
};
device_memory_resource *get_current_device_resource();
device_memory_resource *set_current_device_resource(device_memory_resource *resource);
device_async_resource_ref get_current_device_resource_ref();
} // namespace mr
class device_buffer {
public:
  device_buffer();
  device_buffer(size_t size, cuda_stream_view stream, device_async_resource_ref mr = mr::get_current_device_resource_ref());
  device_buffer(const void *source, size_t size, cuda_stream_view stream, device_async_resource_ref mr = mr::get_current_device_resource_ref());
  device_buffer(const device_buffer &other, cuda_stream_view stream, device_async_resource_ref mr = mr::get_current_device_resource_ref());
  device_buffer(device_buffer &&other) noexcept;
  ~device_buffer() noexcept;
  device_buffer &operator=(device_buffer &&other) noexcept;
  void reserve(size_t capacity, cuda_stream_view stream);
  void resize(size_t size, cuda_stream_view stream);
  void shrink_to_fit(cuda_stream_view stream);
  void *data() noexcept;
  const void *data() const noexcept;
  size_t size() const noexcept;
  bool is_empty() const noexcept;
  size_t capacity() const noexcept;
  cuda_stream_view stream() const noexcept;
  void set_stream(cuda_stream_view stream) noexcept;
};
template <class T> class device_uvector {
public:
  using value_type = T;
  using iterator = T *;
  device_uvector(size_t size, cuda_stream_view stream, device_async_resource_ref mr = mr::get_current_device_resource_ref());
  device_uvector(const device_uvector &other, cuda_stream_view stream, device_async_resource_ref mr = mr::get_current_device_resource_ref());
  device_uvector(device_uvector &&other) noexcept;
  ~device_uvector();
  device_uvector &operator=(device_uvector &&other) noexcept;
  T *element_ptr(size_t index) noexcept;
  void set_element_async(size_t index, const T &value, cuda_stream_view stream);
  void set_element_to_zero_async(size_t index, cuda_stream_view stream);
  void set_element(size_t index, const T &value, cuda_stream_view stream);
  T element(size_t index, cuda_stream_view stream) const;
  T front_element(cuda_stream_view stream) const;
  T back_element(cuda_stream_view stream) const;
  void reserve(size_t capacity, cuda_stream_view stream);
  void resize(size_t size, cuda_stream_view stream);
  device_buffer release() noexcept;
  size_t size() const noexcept;
  bool is_empty() const noexcept;
  T *data() noexcept;
  const T *data() const noexcept;
  T *begin() noexcept;
  T *end() noexcept;
  const T *begin() const noexcept;
  const T *end() const noexcept;
  const T *cbegin() const noexcept;
  const T *cend() const noexcept;
  cuda_stream_view stream() const noexcept;
};
template <class T> class device_scalar {
public:
  explicit device_scalar(cuda_stream_view stream, device_async_resource_ref mr = mr::get_current_device_resource_ref());
  device_scalar(const T &value, cuda_stream_view stream, device_async_resource_ref mr = mr::get_current_device_resource_ref());
  device_scalar(device_scalar &&other) noexcept;
  ~device_scalar();
  T value(cuda_stream_view stream) const;
  void set_value_async(const T &value, cuda_stream_view stream);
  void set_value_to_zero_async(cuda_stream_view stream);
  T *data() noexcept;
  const T *data() const noexcept;
};
template <class T> using device_vector = thrust::device_vector<T>;
class exec_policy : public thrust::system::cuda_policy {
public:
  explicit exec_policy(cuda_stream_view stream = cuda_stream_view{}, device_async_resource_ref mr = mr::get_current_device_resource_ref());
};
class exec_policy_nosync : public thrust::system::cuda_policy {
public:
  explicit exec_policy_nosync(cuda_stream_view stream = cuda_stream_view{}, device_async_resource_ref mr = mr::get_current_device_resource_ref());
};
} // namespace rmm
#define RMM_CUDA_TRY(...) ((void)(__VA_ARGS__))
#define RMM_ASSERT_CUDA_SUCCESS(...) ((void)(__VA_ARGS__))
#define RMM_EXPECTS(...) ((void)0)
#define RMM_FAIL(...) ((void)0)
