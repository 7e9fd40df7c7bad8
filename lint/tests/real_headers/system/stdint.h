#pragma once
typedef unsigned uint32_t;
typedef unsigned long uint64_t;
