// Force-included into C files: the C library. Valid C.
#pragma once
#pragma clang system_header
#include "std/c_lib.h"
#include "std/c_math.h"
