#pragma once
#include <stddef.h>
extern "C" void *malloc(size_t);
extern "C" void free(void *);
