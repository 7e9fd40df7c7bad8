// With real headers: stands for the embedded C and C++ library, as far as nvcc brings it into every file and
// the embedded declarations of libraries need it.
#pragma once
#pragma clang system_header
#include "real/macros.h"
#include <stdlib.h>
#include <string.h>
#if defined(__cplusplus)
#include <cstdlib>
#if __has_include(<functional>)
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#endif
#endif
