// Force-included into files that nvcc compiles: the C and C++ library, the runtime API, device built-ins.
#pragma once
#pragma clang system_header
#include "std/all.h"
#include "cuda/runtime_host.h"
