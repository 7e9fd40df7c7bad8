// With real headers: the words that the embedded declarations of libraries are written in.
#pragma once
#pragma clang system_header
#if defined(__CUDA__)
#define __EMB_HD __attribute__((host)) __attribute__((device))
#define __EMB_D __attribute__((device))
#else
#define __EMB_HD
#define __EMB_D
#endif
#if defined(__cplusplus)
#define __EMB_BEGIN_C extern "C" {
#define __EMB_END_C }
#define __EMB_NORETURN [[noreturn]]
#define __EMB_DV(value) = value
#else
#define __EMB_BEGIN_C
#define __EMB_END_C
#define __EMB_NORETURN _Noreturn
#define __EMB_DV(value)
#endif
#define __EMB_CXX14_CONSTEXPR inline
#include <stddef.h>
#include <stdint.h>
