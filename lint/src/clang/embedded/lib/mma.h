// mma.h: warp matrix functions (nvcuda::wmma), as far as kernels need them to parse.
#pragma once
#pragma clang system_header
#include "lib/bf16.h"

namespace nvcuda {
namespace wmma {
struct row_major {};
struct col_major {};
struct matrix_a {};
struct matrix_b {};
struct accumulator {};
namespace precision {
struct tf32 {};
struct u4 {};
struct s4 {};
struct b1 {};
} // namespace precision
namespace experimental {
namespace precision = wmma::precision;
enum bmmaBitOp { bmmaBitOpXOR = 1, bmmaBitOpAND = 2 };
enum bmmaAccumulateOp { bmmaAccumulateOpPOPC = 1 };
} // namespace experimental
enum layout_t { mem_row_major, mem_col_major };
template <class T> struct __element { typedef T type; };
template <> struct __element<precision::tf32> { typedef float type; };
template <> struct __element<precision::u4> { typedef unsigned type; };
template <> struct __element<precision::s4> { typedef int type; };
template <> struct __element<precision::b1> { typedef unsigned type; };
template <class Use, int m, int n, int k, class T, class Layout = void> struct fragment {
  typedef typename __element<T>::type element_type;
  enum { num_elements = 8, num_storage_elements = 8 };
  element_type x[8];
};
template <class F, class T> __device__ void load_matrix_sync(F &a, const T *from, unsigned stride);
template <class F, class T> __device__ void load_matrix_sync(F &a, const T *from, unsigned stride, layout_t layout);
template <class F, class T> __device__ void store_matrix_sync(T *to, const F &a, unsigned stride, layout_t layout);
template <class F, class T> __device__ void fill_fragment(F &a, const T &value);
template <class D, class A, class B, class C> __device__ void mma_sync(D &d, const A &a, const B &b, const C &c, bool saturate = false);
template <class D, class A, class B, class C> __device__ void bmma_sync(D &d, const A &a, const B &b, const C &c, experimental::bmmaBitOp op = experimental::bmmaBitOpXOR, experimental::bmmaAccumulateOp acc = experimental::bmmaAccumulateOpPOPC);
__device__ float __float_to_tf32(float value);
} // namespace wmma
} // namespace nvcuda
