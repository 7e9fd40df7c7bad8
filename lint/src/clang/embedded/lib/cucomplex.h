// Complex numbers of CUDA (cuComplex.h).
#pragma once
#pragma clang system_header
#include "cuda/runtime_types2.h"

typedef float2 cuFloatComplex;
typedef double2 cuDoubleComplex;
typedef cuFloatComplex cuComplex;

__EMB_BEGIN_C
float cuCrealf(cuFloatComplex x);
float cuCimagf(cuFloatComplex x);
cuFloatComplex make_cuFloatComplex(float r, float i);
cuFloatComplex cuConjf(cuFloatComplex x);
cuFloatComplex cuCaddf(cuFloatComplex x, cuFloatComplex y);
cuFloatComplex cuCsubf(cuFloatComplex x, cuFloatComplex y);
cuFloatComplex cuCmulf(cuFloatComplex x, cuFloatComplex y);
cuFloatComplex cuCdivf(cuFloatComplex x, cuFloatComplex y);
float cuCabsf(cuFloatComplex x);
double cuCreal(cuDoubleComplex x);
double cuCimag(cuDoubleComplex x);
cuDoubleComplex make_cuDoubleComplex(double r, double i);
cuDoubleComplex cuConj(cuDoubleComplex x);
cuDoubleComplex cuCadd(cuDoubleComplex x, cuDoubleComplex y);
cuDoubleComplex cuCsub(cuDoubleComplex x, cuDoubleComplex y);
cuDoubleComplex cuCmul(cuDoubleComplex x, cuDoubleComplex y);
cuDoubleComplex cuCdiv(cuDoubleComplex x, cuDoubleComplex y);
double cuCabs(cuDoubleComplex x);
cuComplex make_cuComplex(float x, float y);
cuDoubleComplex cuComplexFloatToDouble(cuFloatComplex c);
cuFloatComplex cuComplexDoubleToFloat(cuDoubleComplex c);
cuComplex cuCfmaf(cuComplex x, cuComplex y, cuComplex d);
cuDoubleComplex cuCfma(cuDoubleComplex x, cuDoubleComplex y, cuDoubleComplex d);
__EMB_END_C
