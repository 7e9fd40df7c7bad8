// nvrtc_helper.h of the CUDA samples.
#pragma once
#pragma clang system_header
#include "lib/nvrtc.h"
#include "helper/helper_misc.h"
