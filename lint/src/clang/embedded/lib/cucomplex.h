// Complex numbers of CUDA (cuComplex.h).
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define CU_COMPLEX_H_
#include "cuda/runtime_templates.h"

typedef float2 cuFloatComplex;
typedef double2 cuDoubleComplex;
typedef cuFloatComplex cuComplex;

__EMB_BEGIN_C
__EMB_HD float cuCrealf(cuFloatComplex x);
__EMB_HD float cuCimagf(cuFloatComplex x);
__EMB_HD cuFloatComplex make_cuFloatComplex(float r, float i);
__EMB_HD cuFloatComplex cuConjf(cuFloatComplex x);
__EMB_HD cuFloatComplex cuCaddf(cuFloatComplex x, cuFloatComplex y);
__EMB_HD cuFloatComplex cuCsubf(cuFloatComplex x, cuFloatComplex y);
__EMB_HD cuFloatComplex cuCmulf(cuFloatComplex x, cuFloatComplex y);
__EMB_HD cuFloatComplex cuCdivf(cuFloatComplex x, cuFloatComplex y);
__EMB_HD float cuCabsf(cuFloatComplex x);
__EMB_HD double cuCreal(cuDoubleComplex x);
__EMB_HD double cuCimag(cuDoubleComplex x);
__EMB_HD cuDoubleComplex make_cuDoubleComplex(double r, double i);
__EMB_HD cuDoubleComplex cuConj(cuDoubleComplex x);
__EMB_HD cuDoubleComplex cuCadd(cuDoubleComplex x, cuDoubleComplex y);
__EMB_HD cuDoubleComplex cuCsub(cuDoubleComplex x, cuDoubleComplex y);
__EMB_HD cuDoubleComplex cuCmul(cuDoubleComplex x, cuDoubleComplex y);
__EMB_HD cuDoubleComplex cuCdiv(cuDoubleComplex x, cuDoubleComplex y);
__EMB_HD double cuCabs(cuDoubleComplex x);
__EMB_HD cuComplex make_cuComplex(float x, float y);
__EMB_HD cuDoubleComplex cuComplexFloatToDouble(cuFloatComplex c);
__EMB_HD cuFloatComplex cuComplexDoubleToFloat(cuDoubleComplex c);
__EMB_HD cuComplex cuCfmaf(cuComplex x, cuComplex y, cuComplex d);
__EMB_HD cuDoubleComplex cuCfma(cuDoubleComplex x, cuDoubleComplex y, cuDoubleComplex d);
__EMB_END_C
