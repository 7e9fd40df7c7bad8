// cooperative_groups.h with its reduce, scan, memcpy_async parts.
#pragma once
#pragma clang system_header
#include "cuda/device.h"

namespace cooperative_groups {
struct __v1 {};
#define __EMB_GROUP                                              \
  __device__ void sync() const;                                  \
  __device__ unsigned long long size() const;                    \
  __device__ unsigned long long num_threads() const;             \
  __device__ unsigned long long thread_rank() const;             \
  __device__ bool is_valid() const;                              \
  __device__ dim3 group_index() const;                           \
  __device__ dim3 thread_index() const;                          \
  __device__ dim3 group_dim() const;                             \
  __device__ dim3 dim_threads() const;                           \
  __device__ int barrier_arrive() const;                         \
  __device__ void barrier_wait(int &&token) const;
class thread_group {
public:
  __EMB_GROUP
};
class thread_block : public thread_group {
public:
  __EMB_GROUP
};
class grid_group : public thread_group {
public:
  __EMB_GROUP
  __device__ unsigned long long block_rank() const;
  __device__ unsigned long long num_blocks() const;
  __device__ dim3 dim_blocks() const;
  __device__ dim3 block_index() const;
  __device__ unsigned long long cluster_rank() const;
  __device__ unsigned long long num_clusters() const;
};
class multi_grid_group : public thread_group {
public:
  __EMB_GROUP
  __device__ unsigned num_grids() const;
  __device__ unsigned grid_rank() const;
};
class cluster_group {
public:
  __device__ void sync() const;
  __device__ unsigned num_threads() const;
  __device__ unsigned size() const;
  __device__ unsigned thread_rank() const;
  __device__ void barrier_arrive() const;
  __device__ void barrier_wait() const;
  __device__ unsigned block_rank() const;
  __device__ unsigned num_blocks() const;
  __device__ dim3 block_index() const;
  __device__ dim3 dim_blocks() const;
  template <class T> __device__ T *map_shared_rank(T *address, int rank) const;
  __device__ unsigned query_shared_rank(const void *address) const;
};
#define __EMB_WARP                                                              \
  template <class T> __device__ T shfl(T value, int rank) const;                \
  template <class T> __device__ T shfl_up(T value, unsigned delta) const;       \
  template <class T> __device__ T shfl_down(T value, unsigned delta) const;     \
  template <class T> __device__ T shfl_xor(T value, unsigned mask) const;       \
  __device__ int any(int predicate) const;                                      \
  __device__ int all(int predicate) const;                                      \
  __device__ unsigned ballot(int predicate) const;                              \
  template <class T> __device__ unsigned match_any(T value) const;              \
  template <class T> __device__ unsigned match_all(T value, int &predicate) const; \
  __device__ unsigned long long meta_group_size() const;                        \
  __device__ unsigned long long meta_group_rank() const;
template <unsigned size_, class Parent = void> class thread_block_tile : public thread_group {
public:
  __EMB_GROUP
  __EMB_WARP
  __device__ thread_block_tile();
  template <class P> __device__ thread_block_tile(const thread_block_tile<size_, P> &other);
};
class coalesced_group : public thread_group {
public:
  __EMB_GROUP
  __EMB_WARP
};
template <unsigned size, unsigned count = 1024> struct block_tile_memory {
  char __data[size * 8];
};
__device__ thread_block this_thread_block();
template <class M> __device__ thread_block this_thread_block(M &memory);
__device__ grid_group this_grid();
__device__ multi_grid_group this_multi_grid();
__device__ cluster_group this_cluster();
__device__ coalesced_group coalesced_threads();
__device__ thread_block_tile<1> this_thread();
__device__ thread_group tiled_partition(const thread_group &parent, unsigned size);
template <unsigned size, class P> __device__ thread_block_tile<size, P> tiled_partition(const P &parent);
template <class P> __device__ coalesced_group binary_partition(const P &parent, bool predicate);
template <class P, class I> __device__ coalesced_group labeled_partition(const P &parent, I label);
template <class G> __device__ void sync(const G &group);
template <class G> __device__ unsigned long long thread_rank(const G &group);
template <class G> __device__ unsigned long long group_size(const G &group);
template <class T = void> struct plus { template <class U> __device__ U operator()(U a, U b) const; };
template <class T = void> struct less { template <class U> __device__ U operator()(U a, U b) const; };
template <class T = void> struct greater { template <class U> __device__ U operator()(U a, U b) const; };
template <class T = void> struct bit_and { template <class U> __device__ U operator()(U a, U b) const; };
template <class T = void> struct bit_or { template <class U> __device__ U operator()(U a, U b) const; };
template <class T = void> struct bit_xor { template <class U> __device__ U operator()(U a, U b) const; };
template <class G, class T, class F> __device__ T reduce(const G &group, T value, F op);
template <class G, class T> __device__ void reduce_update_async(const G &group, T &destination, T value);
template <class G, class T, class F> __device__ T inclusive_scan(const G &group, T value, F op);
template <class G, class T> __device__ T inclusive_scan(const G &group, T value);
template <class G, class T, class F> __device__ T exclusive_scan(const G &group, T value, F op);
template <class G, class T> __device__ T exclusive_scan(const G &group, T value);
template <class G, class F> __device__ void invoke_one(const G &group, F &&callee);
template <class G, class T, class S> __device__ void memcpy_async(const G &group, T *to, const T *from, const S &shape);
template <class G, class T, class U, class S, class R> __device__ void memcpy_async(const G &group, T *to, const S &to_layout, const U *from, const R &from_layout);
template <class G> __device__ void wait(const G &group);
template <unsigned n, class G> __device__ void wait_prior(const G &group);
namespace experimental {
using cooperative_groups::this_thread_block;
using cooperative_groups::tiled_partition;
using cooperative_groups::block_tile_memory;
} // namespace experimental
} // namespace cooperative_groups
