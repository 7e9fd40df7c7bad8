#pragma once
#include <stddef.h>
extern "C" void *memset(void *, int, size_t);
