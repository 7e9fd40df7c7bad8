// immintrin.h and its parts (light): the vector types and the loads, stores and arithmetic seen most.
#pragma once
#pragma clang system_header
#include "c_base.h"

typedef float __m128 __attribute__((vector_size(16)));
typedef double __m128d __attribute__((vector_size(16)));
typedef long long __m128i __attribute__((vector_size(16)));
typedef float __m256 __attribute__((vector_size(32)));
typedef double __m256d __attribute__((vector_size(32)));
typedef long long __m256i __attribute__((vector_size(32)));
typedef float __m512 __attribute__((vector_size(64)));
typedef double __m512d __attribute__((vector_size(64)));
typedef long long __m512i __attribute__((vector_size(64)));
#define _MM_HINT_T0 3
__EMB_BEGIN_C
void _mm_pause(void);
void _mm_sfence(void);
void _mm_mfence(void);
void _mm_lfence(void);
void _mm_clflush(const void *address);
void *_mm_malloc(size_t size, size_t alignment);
void _mm_free(void *pointer);
#define _mm_prefetch(address, hint) __builtin_prefetch((const void *)(address))
unsigned long long __rdtsc(void);
#define __EMB_SIMD(p, T, E, s)       \
  T p##_loadu_##s(const E *from);    \
  T p##_load_##s(const E *from);     \
  void p##_storeu_##s(E *to, T v);   \
  void p##_store_##s(E *to, T v);    \
  void p##_stream_##s(E *to, T v);   \
  T p##_set1_##s(E v);               \
  T p##_setzero_##s(void);           \
  T p##_add_##s(T a, T b);           \
  T p##_sub_##s(T a, T b);           \
  T p##_mul_##s(T a, T b);           \
  T p##_div_##s(T a, T b);           \
  T p##_max_##s(T a, T b);           \
  T p##_min_##s(T a, T b);           \
  T p##_sqrt_##s(T a);               \
  T p##_fmadd_##s(T a, T b, T c);
__EMB_SIMD(_mm, __m128, float, ps)
__EMB_SIMD(_mm, __m128d, double, pd)
__EMB_SIMD(_mm256, __m256, float, ps)
__EMB_SIMD(_mm256, __m256d, double, pd)
__EMB_SIMD(_mm512, __m512, float, ps)
__EMB_SIMD(_mm512, __m512d, double, pd)
__EMB_END_C
