// libcu++: cuda::std (the same as std), cuda::atomic, barriers, pipelines, memory resources, streams.
#pragma once
#pragma clang system_header
#include "std/all.h"
#include "cuda/device.h"

namespace cuda {
namespace std = ::std;

enum thread_scope { thread_scope_system, thread_scope_device, thread_scope_block, thread_scope_thread };
template <class T, thread_scope s = thread_scope_system> struct atomic : ::std::atomic<T> {
  constexpr atomic() noexcept = default;
  __EMB_HD constexpr atomic(T value) noexcept : ::std::atomic<T>(value) {}
  T operator=(T value) noexcept;
  __device__ T fetch_min(T value, ::std::memory_order order = ::std::memory_order_seq_cst);
  __device__ T fetch_max(T value, ::std::memory_order order = ::std::memory_order_seq_cst);
};
template <class T, thread_scope s = thread_scope_system> struct atomic_ref {
  __EMB_HD explicit atomic_ref(T &value);
  __EMB_HD T load(::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD void store(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD T exchange(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD bool compare_exchange_strong(T &expected, T value, ::std::memory_order a = ::std::memory_order_seq_cst, ::std::memory_order b = ::std::memory_order_seq_cst) const;
  __EMB_HD bool compare_exchange_weak(T &expected, T value, ::std::memory_order a = ::std::memory_order_seq_cst, ::std::memory_order b = ::std::memory_order_seq_cst) const;
  __EMB_HD T fetch_add(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD T fetch_sub(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD T fetch_min(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD T fetch_max(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD T fetch_or(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
  __EMB_HD T fetch_and(T value, ::std::memory_order order = ::std::memory_order_seq_cst) const;
};
__EMB_HD void atomic_thread_fence(::std::memory_order order, thread_scope scope = thread_scope_system);

// barriers, semaphores, latches
template <thread_scope s = thread_scope_system> struct barrier {
  typedef unsigned long long arrival_token;
  __EMB_HD barrier();
  __EMB_HD explicit barrier(long count);
  __EMB_HD arrival_token arrive(long n = 1);
  __EMB_HD void wait(arrival_token &&token) const;
  __EMB_HD void arrive_and_wait();
  __EMB_HD void arrive_and_drop();
  __EMB_HD bool try_wait(arrival_token &&token) const;
  __EMB_HD bool try_wait_parity(bool parity) const;
};
template <thread_scope s> __EMB_HD void init(barrier<s> *where, long count);
template <thread_scope s = thread_scope_system> using latch = barrier<s>;
template <thread_scope s = thread_scope_system, long most = 0x7fffffff> struct counting_semaphore {
  __EMB_HD explicit counting_semaphore(long count);
  __EMB_HD void acquire();
  __EMB_HD void release(long n = 1);
};
template <thread_scope s = thread_scope_system> using binary_semaphore = counting_semaphore<s, 1>;
namespace device {
template <thread_scope s> __device__ unsigned long long *barrier_native_handle(cuda::barrier<s> &b);
template <thread_scope s> __device__ unsigned long long barrier_arrive_tx(cuda::barrier<s> &b, long count, long bytes);
namespace experimental {
template <class B> __device__ void cp_async_bulk_global_to_shared(void *to, const void *from, size_t size, B &b);
__device__ void cp_async_bulk_shared_to_global(void *to, const void *from, size_t size);
template <class B> __device__ void cp_async_bulk_tensor_2d_global_to_shared(void *to, const void *map, int x, int y, B &b);
__device__ void cp_async_bulk_tensor_2d_shared_to_global(const void *map, int x, int y, const void *from);
__device__ void cp_async_bulk_commit_group();
template <int n> __device__ void cp_async_bulk_wait_group_read();
__device__ void fence_proxy_async_shared_cta();
} // namespace experimental
} // namespace device
template <size_t n> struct aligned_size_t {
  __EMB_HD explicit aligned_size_t(size_t size);
  __EMB_HD operator size_t() const;
};
template <class B> __EMB_HD void memcpy_async(void *to, const void *from, size_t size, B &barrier);
template <class G, class T, class S, class B> __EMB_HD void memcpy_async(const G &group, T *to, const T *from, S size, B &barrier);
template <size_t n, class T> __EMB_HD T *assume_aligned(T *pointer);

// pipelines
enum class pipeline_role { producer, consumer };
template <thread_scope s, unsigned n> struct pipeline_shared_state {
  __EMB_HD pipeline_shared_state();
};
template <thread_scope s> struct pipeline {
  __EMB_HD void producer_acquire();
  __EMB_HD void producer_commit();
  __EMB_HD void consumer_wait();
  __EMB_HD void consumer_release();
  __EMB_HD bool quit();
};
__EMB_HD pipeline<thread_scope_thread> make_pipeline();
template <class G, thread_scope s, unsigned n> __EMB_HD pipeline<s> make_pipeline(const G &group, pipeline_shared_state<s, n> *state);
template <class G, thread_scope s, unsigned n, class R> __EMB_HD pipeline<s> make_pipeline(const G &group, pipeline_shared_state<s, n> *state, R role);
template <unsigned n, thread_scope s> __EMB_HD void pipeline_consumer_wait_prior(pipeline<s> &p);
namespace experimental {
using cuda::pipeline;
}
namespace ptx {
template <class... A> __device__ void cp_async_bulk(A &&...args);
template <class... A> __device__ void cp_async_bulk_tensor(A &&...args);
template <class... A> __device__ void mbarrier_init(A &&...args);
template <class... A> __device__ bool mbarrier_try_wait(A &&...args);
} // namespace ptx
template <class T> __EMB_HD T ceil_div(T a, T b);

// streams, events, devices, memory resources
class stream_ref {
public:
  constexpr stream_ref() noexcept : __stream(nullptr) {}
  constexpr stream_ref(cudaStream_t stream) noexcept : __stream(stream) {}
  constexpr cudaStream_t get() const noexcept { return __stream; }
  void sync() const;
  void wait() const;
  bool is_done() const;
  bool ready() const;
  int priority() const;

private:
  cudaStream_t __stream;
};
class device_ref {
public:
  constexpr device_ref(int id) noexcept : __id(id) {}
  constexpr int get() const noexcept { return __id; }

private:
  int __id;
};
class stream : public stream_ref {
public:
  explicit stream(device_ref device, int priority = 0);
  stream(stream &&other) noexcept;
  ~stream();
  stream &operator=(stream &&other) noexcept;
};
class cuda_error : public ::std::runtime_error {
public:
  cuda_error(cudaError_t status, const char *what);
  cudaError_t status() const noexcept;
};
template <class T> struct proclaimed_return : T {};
template <class R, class F> F proclaim_return_type(F &&callee);
template <class T> struct maximum { template <class U> __EMB_HD U operator()(U a, U b) const; };
template <class T> struct minimum { template <class U> __EMB_HD U operator()(U a, U b) const; };
namespace mr {
struct device_accessible {};
struct host_accessible {};
struct memory_resource {};
template <class... P> class resource_ref {
public:
  template <class R> resource_ref(R &resource) noexcept;
  void *allocate_sync(size_t bytes, size_t alignment = 256);
  void deallocate_sync(void *pointer, size_t bytes, size_t alignment = 256);
  void *allocate(stream_ref stream, size_t bytes, size_t alignment = 256);
  void deallocate(stream_ref stream, void *pointer, size_t bytes, size_t alignment = 256);
  void *allocate_async(size_t bytes, size_t alignment, stream_ref stream);
  void *allocate_async(size_t bytes, stream_ref stream);
  void deallocate_async(void *pointer, size_t bytes, size_t alignment, stream_ref stream);
  void deallocate_async(void *pointer, size_t bytes, stream_ref stream);
};
template <class... P> using async_resource_ref = resource_ref<P...>;
template <class... P> using synchronous_resource_ref = resource_ref<P...>;
template <class... P> using any_resource = resource_ref<P...>;
} // namespace mr
} // namespace cuda
namespace nvcuda {
namespace experimental = cuda;
}
