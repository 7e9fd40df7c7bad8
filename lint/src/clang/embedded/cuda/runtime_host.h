// <cuda_runtime.h>: in files for nvcc also the device built-ins.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define __CUDA_RUNTIME_H__
#define __CHANNEL_DESCRIPTOR_H__
#include "cuda/runtime_templates.h"
#if defined(__cplusplus)
#include "cuda/device_math.h"
#if defined(__CUDA__)
#include "cuda/device.h"
#endif
#endif
