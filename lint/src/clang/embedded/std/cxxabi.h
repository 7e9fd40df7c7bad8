// <cxxabi.h> (light).
#pragma once
#pragma clang system_header
#include "type_traits.h"
namespace __cxxabiv1 {
extern "C" char *__cxa_demangle(const char *name, char *buffer, size_t *length, int *status);
}
namespace abi = __cxxabiv1;
