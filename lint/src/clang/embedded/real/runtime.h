// With real headers: stands for the embedded declarations of CUDA.
#pragma once
#pragma clang system_header
#include "real/macros.h"
#include <cuda_runtime.h>
#if __has_include(<cuda.h>)
#include <cuda.h>
#endif
