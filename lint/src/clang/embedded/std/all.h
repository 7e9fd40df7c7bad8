// The whole C++ library, as the preludes include it.
#pragma once
#pragma clang system_header
#include "cstd.h"
#include "type_traits.h"
#include "memory.h"
#include "containers.h"
#include "maps.h"
#include "strings.h"
#include "chrono.h"
#include "functional.h"
#include "threads.h"
#include "streams.h"
#include "algorithm.h"
