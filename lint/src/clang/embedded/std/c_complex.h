// complex.h of C (not part of any prelude: it defines the macros complex and I).
#pragma once
#pragma clang system_header
#include "c_math.h"
#if !defined(__cplusplus)
#define complex _Complex
#define _Complex_I (__extension__ 1.0iF)
#define I _Complex_I
double creal(double _Complex);
double cimag(double _Complex);
double cabs(double _Complex);
double carg(double _Complex);
double _Complex cexp(double _Complex);
double _Complex csqrt(double _Complex);
double _Complex conj(double _Complex);
float crealf(float _Complex);
float cimagf(float _Complex);
float cabsf(float _Complex);
float _Complex cexpf(float _Complex);
float _Complex conjf(float _Complex);
#endif
