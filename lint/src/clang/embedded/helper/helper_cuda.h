// helper_cuda.h of the CUDA samples: error checks and device selection. `check` returns only on success.
#pragma once
#pragma clang system_header
#include "helper/helper_string.h"
#include "cuda/runtime_templates.h"

template <typename T> void check(T result, char const *const func, const char *const file, int const line);
template <typename T> const char *_cudaGetErrorEnum(T error);
#ifndef checkCudaErrors
#define checkCudaErrors(val) check((val), #val, __FILE__, __LINE__)
#endif
#ifndef getLastCudaError
#define getLastCudaError(msg) __getLastCudaError(msg, __FILE__, __LINE__)
#endif
#define printLastCudaError(msg) __printLastCudaError(msg, __FILE__, __LINE__)
#ifndef MAX
#define MAX(a, b) (a > b ? a : b)
#endif
#ifndef MIN
#define MIN(a, b) (a < b ? a : b)
#endif
void __getLastCudaError(const char *errorMessage, const char *file, const int line);
void __printLastCudaError(const char *errorMessage, const char *file, const int line);
int ftoi(float value);
int _ConvertSMVer2Cores(int major, int minor);
const char *_ConvertSMVer2ArchName(int major, int minor);
int gpuDeviceInit(int devID);
int gpuGetMaxGflopsDeviceId();
int findCudaDevice(int argc, const char **argv);
int findIntegratedGPU();
bool checkCudaCapabilities(int major_version, int minor_version);
