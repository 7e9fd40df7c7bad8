// helper_cuda_drvapi.h and drvapi_error_string.h of the CUDA samples.
#pragma once
#pragma clang system_header
#include "helper/helper_string.h"
#include "cuda/driver_api2.h"

#ifndef checkCudaErrors
#define checkCudaErrors(err) __checkCudaErrors(err, __FILE__, __LINE__)
#endif
#ifndef MAX
#define MAX(a, b) (a > b ? a : b)
#endif
#ifndef MIN
#define MIN(a, b) (a < b ? a : b)
#endif
void __checkCudaErrors(CUresult err, const char *file, const int line);
const char *getCudaDrvErrorString(CUresult error_id);
template <class T> void getCudaAttribute(T *attribute, CUdevice_attribute device_attribute, int device);
int _ConvertSMVer2CoresDRV(int major, int minor);
int gpuDeviceInitDRV(int ARGC, const char **ARGV);
int gpuGetMaxGflopsDeviceIdDRV();
CUdevice findCudaDeviceDRV(int argc, const char **argv);
CUdevice findIntegratedGPUDrv();
bool checkCudaCapabilitiesDRV(int major_version, int minor_version, int devID);
bool findFatbinPath(const char *module_file, std::string &module_path, char **argv, std::ostringstream &ostrm);
