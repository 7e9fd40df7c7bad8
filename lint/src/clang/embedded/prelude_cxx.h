// Force-included into C++ files that a host compiler compiles: the C and C++ library. The CUDA headers
// come from the file's own includes.
#pragma once
#pragma clang system_header
#include "std/all.h"
