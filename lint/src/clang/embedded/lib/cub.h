// CUB: device-wide functions (the stream is the trailing, defaulted parameter; the first call with a null
// workspace only asks for its size), and block and warp primitives as far as kernels need them to parse.
#pragma once
#pragma clang system_header
#include "lib/thrust.h"

#define CUB_VERSION 200800
#define CUB_NAMESPACE_BEGIN namespace cub {
#define CUB_NAMESPACE_END }
#define CubDebugExit(e) (e)
#define CubDebug(e) (e)

namespace cub {
struct Sum { template <class T> __EMB_HD T operator()(const T &a, const T &b) const; };
struct Max { template <class T> __EMB_HD T operator()(const T &a, const T &b) const; };
struct Min { template <class T> __EMB_HD T operator()(const T &a, const T &b) const; };
struct ArgMax { template <class T> __EMB_HD T operator()(const T &a, const T &b) const; };
struct ArgMin { template <class T> __EMB_HD T operator()(const T &a, const T &b) const; };
struct Equality { template <class T> __EMB_HD bool operator()(const T &a, const T &b) const; };
struct Inequality { template <class T> __EMB_HD bool operator()(const T &a, const T &b) const; };
struct NullType {};
template <class T> struct Traits {
  using UnsignedBits = std::conditional_t<sizeof(T) == 8, unsigned long long, std::conditional_t<sizeof(T) == 4, unsigned int, unsigned short>>;
  static constexpr bool PRIMITIVE = true;
  __EMB_HD static UnsignedBits TwiddleIn(UnsignedBits key);
  __EMB_HD static UnsignedBits TwiddleOut(UnsignedBits key);
};
template <class K, class V> struct KeyValuePair {
  using Key = K;
  using Value = V;
  K key;
  V value;
  __EMB_HD KeyValuePair();
  __EMB_HD KeyValuePair(const K &key, const V &value);
};
template <class T> struct DoubleBuffer {
  T *d_buffers[2];
  int selector;
  __EMB_HD DoubleBuffer();
  __EMB_HD DoubleBuffer(T *current, T *alternate);
  __EMB_HD T *Current();
  __EMB_HD T *Alternate();
};
struct CachingDeviceAllocator {
  explicit CachingDeviceAllocator(bool skip_cleanup = false, bool debug = false);
  CachingDeviceAllocator(unsigned bin_growth, unsigned min_bin, unsigned max_bin, size_t max_cached, bool skip_cleanup = false, bool debug = false);
  ~CachingDeviceAllocator();
  cudaError_t DeviceAllocate(void **pointer, size_t bytes, cudaStream_t stream = 0);
  cudaError_t DeviceAllocate(int device, void **pointer, size_t bytes, cudaStream_t stream = 0);
  cudaError_t DeviceFree(void *pointer);
  cudaError_t DeviceFree(int device, void *pointer);
  cudaError_t FreeAllCached();
};
template <class T, class O = ptrdiff_t> using CountingInputIterator = thrust::counting_iterator<T>;
template <class T, class O = ptrdiff_t> using ConstantInputIterator = thrust::constant_iterator<T>;
template <class T, class F, class I, class O = ptrdiff_t> struct TransformInputIterator : thrust::transform_iterator<F, I> {
  __EMB_HD TransformInputIterator(I base, F callee);
};
template <class I, class O = ptrdiff_t, class T = void> struct ArgIndexInputIterator {
  __EMB_HD ArgIndexInputIterator(I base);
};

struct DeviceReduce {
  template <class I, class O, class N> static cudaError_t Sum(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, cudaStream_t stream = 0);
  template <class I, class O, class N> static cudaError_t Max(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, cudaStream_t stream = 0);
  template <class I, class O, class N> static cudaError_t Min(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, cudaStream_t stream = 0);
  template <class I, class O, class N> static cudaError_t ArgMax(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, cudaStream_t stream = 0);
  template <class I, class O, class N> static cudaError_t ArgMin(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, cudaStream_t stream = 0);
  template <class I, class O, class N, class F, class T> static cudaError_t Reduce(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, F op, T init, cudaStream_t stream = 0);
  template <class I, class O, class N, class F, class G, class T> static cudaError_t TransformReduce(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, F op, G transform, T init, cudaStream_t stream = 0);
  template <class K, class U, class V, class A, class C, class F, class N> static cudaError_t ReduceByKey(void *d_temp_storage, size_t &temp_storage_bytes, K keys, U unique, V values, A aggregates, C runs, F op, N count, cudaStream_t stream = 0);
  template <class I, class O, class X, class N> static cudaError_t ArgMax(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, X index, N count, cudaStream_t stream = 0);
  template <class I, class O, class X, class N> static cudaError_t ArgMin(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, X index, N count, cudaStream_t stream = 0);
};
struct DeviceScan {
  template <class I, class O, class N> static cudaError_t ExclusiveSum(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, cudaStream_t stream = 0);
  template <class I, class O, class N> static cudaError_t InclusiveSum(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, cudaStream_t stream = 0);
  template <class I, class N> static cudaError_t ExclusiveSum(void *d_temp_storage, size_t &temp_storage_bytes, I data, N count, cudaStream_t stream = 0);
  template <class I, class N> static cudaError_t InclusiveSum(void *d_temp_storage, size_t &temp_storage_bytes, I data, N count, cudaStream_t stream = 0);
  template <class I, class O, class N, class F, class T> static cudaError_t ExclusiveScan(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, F op, T init, N count, cudaStream_t stream = 0);
  template <class I, class O, class N, class F> static cudaError_t InclusiveScan(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, F op, N count, cudaStream_t stream = 0);
  template <class I, class O, class N, class F, class T> static cudaError_t InclusiveScanInit(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, F op, T init, N count, cudaStream_t stream = 0);
  template <class K, class I, class O, class N> static cudaError_t ExclusiveSumByKey(void *d_temp_storage, size_t &temp_storage_bytes, K keys, I in, O out, N count, cudaStream_t stream = 0);
  template <class K, class I, class O, class N> static cudaError_t InclusiveSumByKey(void *d_temp_storage, size_t &temp_storage_bytes, K keys, I in, O out, N count, cudaStream_t stream = 0);
};
struct DeviceRadixSort {
  template <class K, class N> static cudaError_t SortKeys(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class N> static cudaError_t SortKeys(void *d_temp_storage, size_t &temp_storage_bytes, DoubleBuffer<K> &keys, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class V, class N> static cudaError_t SortPairs(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class V, class N> static cudaError_t SortPairs(void *d_temp_storage, size_t &temp_storage_bytes, DoubleBuffer<K> &keys, DoubleBuffer<V> &values, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class N> static cudaError_t SortKeysDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class N> static cudaError_t SortKeysDescending(void *d_temp_storage, size_t &temp_storage_bytes, DoubleBuffer<K> &keys, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class V, class N> static cudaError_t SortPairsDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class V, class N> static cudaError_t SortPairsDescending(void *d_temp_storage, size_t &temp_storage_bytes, DoubleBuffer<K> &keys, DoubleBuffer<V> &values, N count, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
};
struct DeviceMergeSort {
  template <class K, class N, class C> static cudaError_t SortKeys(void *d_temp_storage, size_t &temp_storage_bytes, K keys, N count, C compare, cudaStream_t stream = 0);
  template <class K, class N, class C> static cudaError_t StableSortKeys(void *d_temp_storage, size_t &temp_storage_bytes, K keys, N count, C compare, cudaStream_t stream = 0);
  template <class K, class V, class N, class C> static cudaError_t SortPairs(void *d_temp_storage, size_t &temp_storage_bytes, K keys, V values, N count, C compare, cudaStream_t stream = 0);
  template <class K, class V, class N, class C> static cudaError_t StableSortPairs(void *d_temp_storage, size_t &temp_storage_bytes, K keys, V values, N count, C compare, cudaStream_t stream = 0);
  template <class I, class O, class N, class C> static cudaError_t SortKeysCopy(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, N count, C compare, cudaStream_t stream = 0);
};
struct DeviceSegmentedSort {
  template <class K, class B, class E> static cudaError_t SortKeys(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class V, class B, class E> static cudaError_t SortPairs(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class B, class E> static cudaError_t SortKeysDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class V, class B, class E> static cudaError_t SortPairsDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class B, class E> static cudaError_t StableSortKeys(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class V, class B, class E> static cudaError_t StableSortPairs(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class B, class E> static cudaError_t StableSortKeysDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class V, class B, class E> static cudaError_t StableSortPairsDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class B, class E> static cudaError_t SortKeys(void *d_temp_storage, size_t &temp_storage_bytes, DoubleBuffer<K> &keys, int count, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class K, class V, class B, class E> static cudaError_t SortPairs(void *d_temp_storage, size_t &temp_storage_bytes, DoubleBuffer<K> &keys, DoubleBuffer<V> &values, int count, int segments, B begin, E end, cudaStream_t stream = 0);
};
struct DeviceSegmentedRadixSort {
  template <class K, class B, class E> static cudaError_t SortKeys(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, int count, int segments, B begin, E end, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class V, class B, class E> static cudaError_t SortPairs(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, int count, int segments, B begin, E end, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class B, class E> static cudaError_t SortKeysDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, int count, int segments, B begin, E end, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
  template <class K, class V, class B, class E> static cudaError_t SortPairsDescending(void *d_temp_storage, size_t &temp_storage_bytes, const K *keys_in, K *keys_out, const V *values_in, V *values_out, int count, int segments, B begin, E end, int begin_bit = 0, int end_bit = 64, cudaStream_t stream = 0);
};
struct DeviceSegmentedReduce {
  template <class I, class O, class B, class E> static cudaError_t Sum(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class I, class O, class B, class E> static cudaError_t Max(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class I, class O, class B, class E> static cudaError_t Min(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class I, class O, class B, class E> static cudaError_t ArgMax(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class I, class O, class B, class E> static cudaError_t ArgMin(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, int segments, B begin, E end, cudaStream_t stream = 0);
  template <class I, class O, class B, class E, class F, class T> static cudaError_t Reduce(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, int segments, B begin, E end, F op, T init, cudaStream_t stream = 0);
};
struct DeviceSelect {
  template <class I, class G, class O, class C, class N> static cudaError_t Flagged(void *d_temp_storage, size_t &temp_storage_bytes, I in, G flags, O out, C selected, N count, cudaStream_t stream = 0);
  template <class I, class O, class C, class N, class P> static cudaError_t If(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, C selected, N count, P predicate, cudaStream_t stream = 0);
  template <class I, class O, class C, class N> static cudaError_t Unique(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, C selected, N count, cudaStream_t stream = 0);
  template <class K, class V, class O, class P, class C, class N> static cudaError_t UniqueByKey(void *d_temp_storage, size_t &temp_storage_bytes, K keys, V values, O keys_out, P values_out, C selected, N count, cudaStream_t stream = 0);
};
struct DevicePartition {
  template <class I, class G, class O, class C, class N> static cudaError_t Flagged(void *d_temp_storage, size_t &temp_storage_bytes, I in, G flags, O out, C selected, N count, cudaStream_t stream = 0);
  template <class I, class O, class C, class N, class P> static cudaError_t If(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, C selected, N count, P predicate, cudaStream_t stream = 0);
};
struct DeviceRunLengthEncode {
  template <class I, class U, class L, class C, class N> static cudaError_t Encode(void *d_temp_storage, size_t &temp_storage_bytes, I in, U unique, L lengths, C runs, N count, cudaStream_t stream = 0);
  template <class I, class U, class L, class C, class N> static cudaError_t NonTrivialRuns(void *d_temp_storage, size_t &temp_storage_bytes, I in, U offsets, L lengths, C runs, N count, cudaStream_t stream = 0);
};
struct DeviceHistogram {
  template <class I, class C, class L, class N> static cudaError_t HistogramEven(void *d_temp_storage, size_t &temp_storage_bytes, I samples, C *histogram, int levels, L lower, L upper, N count, cudaStream_t stream = 0);
  template <class I, class C, class L, class N> static cudaError_t HistogramRange(void *d_temp_storage, size_t &temp_storage_bytes, I samples, C *histogram, int levels, const L *bounds, N count, cudaStream_t stream = 0);
};
struct DeviceMemcpy {
  template <class I, class O, class Z> static cudaError_t Batched(void *d_temp_storage, size_t &temp_storage_bytes, I in, O out, Z sizes, unsigned count, cudaStream_t stream = 0);
};
struct DeviceSpmv {
  template <class V> static cudaError_t CsrMV(void *d_temp_storage, size_t &temp_storage_bytes, const V *values, const int *rows, const int *columns, const V *x, V *y, int m, int n, int nonzeros, cudaStream_t stream = 0);
};
struct DeviceFor {
  template <class N, class F> static cudaError_t Bulk(N count, F op, cudaStream_t stream = 0);
  template <class I, class F> static cudaError_t ForEach(I first, I last, F op, cudaStream_t stream = 0);
  template <class I, class N, class F> static cudaError_t ForEachN(I first, N count, F op, cudaStream_t stream = 0);
};

// block and warp primitives
enum BlockReduceAlgorithm { BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY, BLOCK_REDUCE_RAKING, BLOCK_REDUCE_WARP_REDUCTIONS };
enum BlockScanAlgorithm { BLOCK_SCAN_RAKING, BLOCK_SCAN_RAKING_MEMOIZE, BLOCK_SCAN_WARP_SCANS };
enum BlockLoadAlgorithm { BLOCK_LOAD_DIRECT, BLOCK_LOAD_STRIPED, BLOCK_LOAD_VECTORIZE, BLOCK_LOAD_TRANSPOSE, BLOCK_LOAD_WARP_TRANSPOSE };
enum BlockStoreAlgorithm { BLOCK_STORE_DIRECT, BLOCK_STORE_STRIPED, BLOCK_STORE_VECTORIZE, BLOCK_STORE_TRANSPOSE, BLOCK_STORE_WARP_TRANSPOSE };
enum BlockHistogramAlgorithm { BLOCK_HISTO_SORT, BLOCK_HISTO_ATOMIC };
enum CacheLoadModifier { LOAD_DEFAULT, LOAD_CA, LOAD_CG, LOAD_CS, LOAD_CV, LOAD_LDG, LOAD_VOLATILE };
enum CacheStoreModifier { STORE_DEFAULT, STORE_WB, STORE_CG, STORE_CS, STORE_WT };
template <CacheLoadModifier m, class I> __device__ typename std::iterator_traits<I>::value_type ThreadLoad(I at);
template <CacheStoreModifier m, class O, class T> __device__ void ThreadStore(O at, T value);
template <class T> struct Uninitialized {
  T &Alias();
};
#define __EMB_TEMP(name)          \
  struct TempStorage {            \
    char __data[16];              \
    TempStorage &Alias();         \
  };                              \
  __device__ name();              \
  __device__ name(TempStorage &storage); \
  __device__ name(TempStorage &storage, int linear_id);
#define __EMB_REDUCE(name)                                                              \
  __EMB_TEMP(name)                                                                      \
  __device__ T Sum(T value);                                                            \
  __device__ T Sum(T value, int valid);                                                 \
  template <int n> __device__ T Sum(T (&values)[n]);                                    \
  template <class F> __device__ T Reduce(T value, F op);                                \
  template <class F> __device__ T Reduce(T value, F op, int valid);                     \
  template <int n, class F> __device__ T Reduce(T (&values)[n], F op);                  \
  template <class G> __device__ T HeadSegmentedSum(T value, G flag);                    \
  template <class F, class G> __device__ T HeadSegmentedReduce(T value, G flag, F op);  \
  template <class F, class G> __device__ T TailSegmentedReduce(T value, G flag, F op);
template <class T, int x, BlockReduceAlgorithm a = BLOCK_REDUCE_WARP_REDUCTIONS, int y = 1, int z = 1, int arch = 0> struct BlockReduce {
  __EMB_REDUCE(BlockReduce)
};
template <class T, int width = 32, int arch = 0> struct WarpReduce {
  __EMB_REDUCE(WarpReduce)
};
#define __EMB_SCAN(name)                                                                     \
  __EMB_TEMP(name)                                                                           \
  template <class... A> __device__ void ExclusiveSum(const T &in, T &out, A &&...rest);      \
  template <class... A> __device__ void InclusiveSum(const T &in, T &out, A &&...rest);      \
  template <int n, class... A> __device__ void ExclusiveSum(T (&in)[n], T (&out)[n], A &&...rest); \
  template <int n, class... A> __device__ void InclusiveSum(T (&in)[n], T (&out)[n], A &&...rest); \
  template <class U, class... A> __device__ void ExclusiveScan(const T &in, T &out, U init, A &&...rest); \
  template <class U, class... A> __device__ void InclusiveScan(const T &in, T &out, U op, A &&...rest);   \
  template <int n, class... A> __device__ void ExclusiveScan(T (&in)[n], T (&out)[n], A &&...rest);       \
  template <int n, class... A> __device__ void InclusiveScan(T (&in)[n], T (&out)[n], A &&...rest);       \
  __device__ T Broadcast(T value, unsigned lane);
template <class T, int x, BlockScanAlgorithm a = BLOCK_SCAN_RAKING, int y = 1, int z = 1, int arch = 0> struct BlockScan {
  __EMB_SCAN(BlockScan)
};
template <class T, int width = 32, int arch = 0> struct WarpScan {
  __EMB_SCAN(WarpScan)
};
template <class T, int x, int items, BlockLoadAlgorithm a = BLOCK_LOAD_DIRECT, int y = 1, int z = 1, int arch = 0> struct BlockLoad {
  __EMB_TEMP(BlockLoad)
  template <class I, class... A> __device__ void Load(I from, T (&to)[items], A &&...rest);
};
template <class T, int x, int items, BlockStoreAlgorithm a = BLOCK_STORE_DIRECT, int y = 1, int z = 1, int arch = 0> struct BlockStore {
  __EMB_TEMP(BlockStore)
  template <class O, class... A> __device__ void Store(O to, T (&from)[items], A &&...rest);
};
template <class K, int x, int items, class V = NullType, int bits = 4, bool memoize = true, BlockScanAlgorithm a = BLOCK_SCAN_WARP_SCANS, int y = 1, int z = 1> struct BlockRadixSort {
  __EMB_TEMP(BlockRadixSort)
  template <class... A> __device__ void Sort(K (&keys)[items], A &&...rest);
  template <class... A> __device__ void SortDescending(K (&keys)[items], A &&...rest);
  template <class... A> __device__ void SortBlockedToStriped(K (&keys)[items], A &&...rest);
};
template <class T, int x, int items, bool slicing = false, int y = 1, int z = 1> struct BlockExchange {
  __EMB_TEMP(BlockExchange)
  template <class... A> __device__ void BlockedToStriped(A &&...args);
  template <class... A> __device__ void StripedToBlocked(A &&...args);
  template <class... A> __device__ void WarpStripedToBlocked(A &&...args);
  template <class... A> __device__ void ScatterToStriped(A &&...args);
  template <class... A> __device__ void ScatterToBlocked(A &&...args);
};
template <class T, int x, int items, int bins, BlockHistogramAlgorithm a = BLOCK_HISTO_SORT, int y = 1, int z = 1> struct BlockHistogram {
  __EMB_TEMP(BlockHistogram)
  template <class C> __device__ void InitHistogram(C (&histogram)[bins]);
  template <class... A> __device__ void Histogram(A &&...args);
  template <class... A> __device__ void Composite(A &&...args);
};
template <class T, int x, int y = 1, int z = 1> struct BlockDiscontinuity {
  __EMB_TEMP(BlockDiscontinuity)
  template <class... A> __device__ void FlagHeads(A &&...args);
  template <class... A> __device__ void FlagTails(A &&...args);
};
template <class T, int x, int y = 1, int z = 1> struct BlockAdjacentDifference {
  __EMB_TEMP(BlockAdjacentDifference)
  template <class... A> __device__ void SubtractLeft(A &&...args);
  template <class... A> __device__ void SubtractRight(A &&...args);
};
template <class I, class T, int n> __device__ void LoadDirectBlocked(int id, I from, T (&to)[n]);
template <int threads, class I, class T, int n, class... A> __device__ void LoadDirectStriped(int id, I from, T (&to)[n], A &&...rest);
template <class O, class T, int n> __device__ void StoreDirectBlocked(int id, O to, T (&from)[n]);
template <int threads, class O, class T, int n, class... A> __device__ void StoreDirectStriped(int id, O to, T (&from)[n], A &&...rest);
__device__ unsigned LaneId();
__device__ unsigned WarpId();
} // namespace cub
