// Hand-written for the tests: attributes, as a toolkit's header of this name has them.
#pragma once
#if defined(__CUDACC__)
#define __location__(a) __attribute__((a))
#else
#define __location__(a)
#endif
#define __host__ __location__(host)
#define __device__ __location__(device)
#define __global__ __location__(global)
#define __shared__ __location__(shared)
#define __constant__ __location__(constant)
