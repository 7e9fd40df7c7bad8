// math.h, complex.h (C), fenv.h: every function with its float and long double variant; overloads
// for float and long double in C++, callable from host and device.
#pragma once
#pragma clang system_header
#include "c_base.h"

typedef float float_t;
typedef double double_t;
#define HUGE_VAL __builtin_huge_val()
#define HUGE_VALF __builtin_huge_valf()
#define HUGE_VALL __builtin_huge_vall()
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define M_E 2.7182818284590452354
#define M_LOG2E 1.4426950408889634074
#define M_LOG10E 0.43429448190325182765
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_1_PI 0.31830988618379067154
#define M_2_PI 0.63661977236758134308
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#define FP_NAN 0
#define FP_INFINITE 1
#define FP_ZERO 2
#define FP_SUBNORMAL 3
#define FP_NORMAL 4
#define FP_ILOGB0 (-2147483647 - 1)
#define MAXFLOAT __FLT_MAX__
#define FE_TONEAREST 0
#define FE_DOWNWARD 0x400
#define FE_UPWARD 0x800
#define FE_TOWARDZERO 0xc00
#define FE_ALL_EXCEPT 61
#define FE_DIVBYZERO 4
#define FE_INVALID 1
#define FE_OVERFLOW 8

// In C: the double function and its f and l variants. In C++ also the overloads.
#define __EMB_M1_C(name)           \
  __EMB_HD double name(double);    \
  __EMB_HD float name##f(float);   \
  long double name##l(long double);
#define __EMB_M2_C(name)                       \
  __EMB_HD double name(double, double);        \
  __EMB_HD float name##f(float, float);        \
  long double name##l(long double, long double);
#define __EMB_M1_CXX(name)       \
  __EMB_HD float name(float);    \
  long double name(long double); \
  template <class T> __EMB_HD typename __emb_if_int<T>::type name(T);
#define __EMB_M2_CXX(name)                    \
  __EMB_HD float name(float, float);          \
  long double name(long double, long double); \
  template <class A, class B> __EMB_HD typename __emb_promote2<A, B>::type name(A, B);

#define __EMB_MATH1(F)                                                                          \
  F(sin) F(cos) F(tan) F(asin) F(acos) F(atan) F(sinh) F(cosh) F(tanh) F(asinh) F(acosh)        \
  F(atanh) F(exp) F(exp2) F(expm1) F(log) F(log2) F(log10) F(log1p) F(logb) F(sqrt) F(cbrt)     \
  F(fabs) F(floor) F(ceil) F(round) F(trunc) F(rint) F(nearbyint) F(erf) F(erfc) F(tgamma)      \
  F(lgamma)
#define __EMB_MATH2(F) \
  F(pow) F(atan2) F(fmod) F(fmin) F(fmax) F(fdim) F(hypot) F(remainder) F(copysign) F(nextafter)

__EMB_BEGIN_C
__EMB_MATH1(__EMB_M1_C)
__EMB_MATH2(__EMB_M2_C)
__EMB_HD double j0(double);
__EMB_HD double j1(double);
__EMB_HD double jn(int, double);
__EMB_HD double y0(double);
__EMB_HD double y1(double);
__EMB_HD double yn(int, double);
__EMB_HD float j0f(float);
__EMB_HD float j1f(float);
__EMB_HD float y0f(float);
__EMB_HD float y1f(float);
__EMB_HD double exp10(double);
__EMB_HD float exp10f(float);
double gamma(double);
double lgamma_r(double, int *sign);
double nan(const char *tag);
float nanf(const char *tag);
__EMB_HD double fma(double, double, double);
__EMB_HD float fmaf(float, float, float);
long double fmal(long double, long double, long double);
__EMB_HD double frexp(double, int *exponent);
__EMB_HD float frexpf(float, int *exponent);
__EMB_HD double ldexp(double, int);
__EMB_HD float ldexpf(float, int);
__EMB_HD double scalbn(double, int);
__EMB_HD float scalbnf(float, int);
__EMB_HD double scalbln(double, long);
__EMB_HD double modf(double, double *whole);
__EMB_HD float modff(float, float *whole);
__EMB_HD double remquo(double, double, int *quotient);
__EMB_HD float remquof(float, float, int *quotient);
__EMB_HD double nexttoward(double, long double);
__EMB_HD int ilogb(double);
__EMB_HD int ilogbf(float);
__EMB_HD long lround(double);
__EMB_HD long lroundf(float);
__EMB_HD long long llround(double);
__EMB_HD long long llroundf(float);
__EMB_HD long lrint(double);
__EMB_HD long lrintf(float);
__EMB_HD long long llrint(double);
__EMB_HD long long llrintf(float);
__EMB_HD void sincos(double, double *sine, double *cosine);
__EMB_HD void sincosf(float, float *sine, float *cosine);
__EMB_HD int isinff(float);
__EMB_HD int isnanf(float);
__EMB_HD int finite(double);
__EMB_HD int finitef(float);
int fesetround(int mode);
int fegetround(void);
int feenableexcept(int mask);
int feclearexcept(int mask);
int fetestexcept(int mask);
__EMB_END_C

#if defined(__cplusplus)
extern "C++" {
template <class T> struct __emb_if_int {};
template <> struct __emb_if_int<bool> { typedef double type; };
template <> struct __emb_if_int<char> { typedef double type; };
template <> struct __emb_if_int<signed char> { typedef double type; };
template <> struct __emb_if_int<unsigned char> { typedef double type; };
template <> struct __emb_if_int<short> { typedef double type; };
template <> struct __emb_if_int<unsigned short> { typedef double type; };
template <> struct __emb_if_int<int> { typedef double type; };
template <> struct __emb_if_int<unsigned int> { typedef double type; };
template <> struct __emb_if_int<long> { typedef double type; };
template <> struct __emb_if_int<unsigned long> { typedef double type; };
template <> struct __emb_if_int<long long> { typedef double type; };
template <> struct __emb_if_int<unsigned long long> { typedef double type; };
template <class T> struct __emb_real : __emb_if_int<T> {};
template <> struct __emb_real<float> { typedef float type; };
template <> struct __emb_real<double> { typedef double type; };
template <> struct __emb_real<long double> { typedef long double type; };
template <class A, class B, class X = typename __emb_real<A>::type, class Y = typename __emb_real<B>::type>
struct __emb_promote2_base { typedef decltype(X() + Y()) type; };
template <class A, class B> struct __emb_promote2 : __emb_promote2_base<A, B> {};
template <> struct __emb_promote2<float, float> {};
template <> struct __emb_promote2<double, double> {};
template <> struct __emb_promote2<long double, long double> {};

__EMB_MATH1(__EMB_M1_CXX)
__EMB_MATH2(__EMB_M2_CXX)
__EMB_HD long abs(long);
__EMB_HD long long abs(long long);
__EMB_HD float abs(float);
__EMB_HD double abs(double);
long double abs(long double);
__EMB_HD float fma(float, float, float);
__EMB_HD float frexp(float, int *exponent);
__EMB_HD float ldexp(float, int);
__EMB_HD float scalbn(float, int);
__EMB_HD float modf(float, float *whole);
__EMB_HD float remquo(float, float, int *quotient);
__EMB_HD int ilogb(float);
__EMB_HD long lround(float);
__EMB_HD long long llround(float);
__EMB_HD long lrint(float);
__EMB_HD long long llrint(float);
__EMB_HD float pow(float, int);
__EMB_HD double pow(double, int);
__EMB_HD constexpr bool isnan(float value) { return __builtin_isnan(value); }
__EMB_HD constexpr bool isnan(double value) { return __builtin_isnan(value); }
bool isnan(long double);
__EMB_HD constexpr bool isinf(float value) { return __builtin_isinf(value); }
__EMB_HD constexpr bool isinf(double value) { return __builtin_isinf(value); }
bool isinf(long double);
__EMB_HD constexpr bool isfinite(float value) { return __builtin_isfinite(value); }
__EMB_HD constexpr bool isfinite(double value) { return __builtin_isfinite(value); }
bool isfinite(long double);
__EMB_HD bool isnormal(float);
__EMB_HD bool isnormal(double);
__EMB_HD bool signbit(float);
__EMB_HD bool signbit(double);
bool signbit(long double);
template <class T> __EMB_HD typename __emb_if_int<T>::type isnan(T);
template <class T> __EMB_HD typename __emb_if_int<T>::type isinf(T);
template <class T> __EMB_HD typename __emb_if_int<T>::type isfinite(T);
__EMB_HD int fpclassify(float);
__EMB_HD int fpclassify(double);
__EMB_HD bool isgreater(double, double);
__EMB_HD bool isless(double, double);
__EMB_HD bool isunordered(double, double);
}
#else
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)
#define isnormal(x) __builtin_isnormal(x)
#define signbit(x) __builtin_signbit(x)
#define fpclassify(x) __builtin_fpclassify(FP_NAN, FP_INFINITE, FP_NORMAL, FP_SUBNORMAL, FP_ZERO, x)
// complex.h
#define complex _Complex
#define I (0.0f + 1.0fi)
#define _Complex_I I
#undef complex
#undef I
#endif
