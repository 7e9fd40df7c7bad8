// curand_kernel.h: device side random numbers.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define CURAND_KERNEL_H_
#include "lib/curand.h"
#include "cuda/device.h"

#if defined(__cplusplus)
#define __EMB_CURAND(name)                                                                                      \
  struct curandState##name {                                                                                    \
    unsigned d, v[5];                                                                                           \
    int boxmuller_flag;                                                                                         \
    float boxmuller_extra;                                                                                      \
  };                                                                                                            \
  typedef struct curandState##name curandState##name##_t;                                                       \
  __device__ void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long offset, curandState##name *state); \
  __device__ unsigned int curand(curandState##name *state);                                                     \
  __device__ uint4 curand4(curandState##name *state);                                                           \
  __device__ float curand_uniform(curandState##name *state);                                                    \
  __device__ double curand_uniform_double(curandState##name *state);                                            \
  __device__ float4 curand_uniform4(curandState##name *state);                                                  \
  __device__ double2 curand_uniform2_double(curandState##name *state);                                          \
  __device__ float curand_normal(curandState##name *state);                                                     \
  __device__ float2 curand_normal2(curandState##name *state);                                                   \
  __device__ float4 curand_normal4(curandState##name *state);                                                   \
  __device__ double curand_normal_double(curandState##name *state);                                             \
  __device__ double2 curand_normal2_double(curandState##name *state);                                           \
  __device__ float curand_log_normal(curandState##name *state, float mean, float deviation);                    \
  __device__ unsigned int curand_poisson(curandState##name *state, double lambda);                              \
  __device__ void skipahead(unsigned long long n, curandState##name *state);
__EMB_CURAND(XORWOW)
__EMB_CURAND(MRG32k3a)
__EMB_CURAND(Philox4_32_10)
__EMB_CURAND(Mtgp32)
__EMB_CURAND(Sobol32)
__EMB_CURAND(Sobol64)
__EMB_CURAND(ScrambledSobol32)
typedef struct curandStateXORWOW curandState;
typedef struct curandStateXORWOW curandState_t;
__device__ void curand_init(curandDirectionVectors32_t vectors, unsigned int offset, curandStateSobol32 *state);
__device__ void curand_init(unsigned int *vectors, unsigned int offset, curandStateSobol32 *state);
struct mtgp32_kernel_params {
  unsigned int pos_tbl[200];
};
typedef struct mtgp32_kernel_params mtgp32_kernel_params_t;
struct mtgp32_params_fast {
  int mexp;
};
typedef struct mtgp32_params_fast mtgp32_params_fast_t;
extern mtgp32_params_fast_t mtgp32dc_params_fast_11213[];
curandStatus_t curandMakeMTGP32Constants(const mtgp32_params_fast_t params[], mtgp32_kernel_params_t *p);
curandStatus_t curandMakeMTGP32KernelState(curandStateMtgp32_t *s, mtgp32_params_fast_t params[], mtgp32_kernel_params_t *k, int n, unsigned long long seed);
#endif
