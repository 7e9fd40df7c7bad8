// Flag macros and enumerations of the CUDA runtime API: the union of what CUDA 12.9 and 13.5 define,
// in the 12.9 numbering. Continues runtime_enums.h.
#pragma once
#pragma clang system_header
#include "runtime_enums.h"

enum cudaDataType_t {
  CUDA_R_16F = 2, CUDA_C_16F = 6, CUDA_R_16BF = 14, CUDA_C_16BF, CUDA_R_32F = 0, CUDA_C_32F = 4, CUDA_R_64F = 1,
  CUDA_C_64F = 5, CUDA_R_4I = 16, CUDA_C_4I, CUDA_R_4U, CUDA_C_4U, CUDA_R_8I = 3, CUDA_C_8I = 7, CUDA_R_8U,
  CUDA_C_8U, CUDA_R_16I = 20, CUDA_C_16I, CUDA_R_16U, CUDA_C_16U, CUDA_R_32I = 10, CUDA_C_32I, CUDA_R_32U,
  CUDA_C_32U, CUDA_R_64I = 24, CUDA_C_64I, CUDA_R_64U, CUDA_C_64U, CUDA_R_8F_E4M3, CUDA_R_8F_UE4M3 = 28,
  CUDA_R_8F_E5M2, CUDA_R_8F_UE8M0, CUDA_R_6F_E2M3, CUDA_R_6F_E3M2, CUDA_R_4F_E2M1, CUDA_R_8F_UE5M3
};
typedef enum cudaDataType_t cudaDataType;
enum libraryPropertyType_t {
  MAJOR_VERSION,
  MINOR_VERSION,
  PATCH_LEVEL
};
typedef enum libraryPropertyType_t libraryPropertyType;
enum cudaGraphRecaptureStatus {
  cudaGraphRecaptureEligibleForUpdate,
  cudaGraphRecaptureIneligibleForUpdate,
  cudaGraphRecaptureError
};
enum cudaHostTaskSyncMode {
  cudaHostTaskBlocking,
  cudaHostTaskSpinWait
};
enum cudaSharedMemoryMode {
  cudaSharedMemoryModeDefault,
  cudaSharedMemoryModeRequirePortable,
  cudaSharedMemoryModeAllowNonPortable,
  cudaSharedMemoryModeAllowOversizedSharedMemory,
  cudaSharedMemoryModePreferOversizedSharedMemory
};
typedef enum cudaSharedMemoryMode cudaSharedMemoryMode;
enum cudaAtomicOperation {
  cudaAtomicOperationIntegerAdd, cudaAtomicOperationIntegerMin, cudaAtomicOperationIntegerMax,
  cudaAtomicOperationIntegerIncrement, cudaAtomicOperationIntegerDecrement, cudaAtomicOperationAnd,
  cudaAtomicOperationOr, cudaAtomicOperationXOR, cudaAtomicOperationExchange, cudaAtomicOperationCAS,
  cudaAtomicOperationFloatAdd, cudaAtomicOperationFloatMin, cudaAtomicOperationFloatMax
};
enum cudaAtomicOperationCapability {
  cudaAtomicCapabilitySigned = 1, cudaAtomicCapabilityUnsigned, cudaAtomicCapabilityReduction = 4,
  cudaAtomicCapabilityScalar32 = 8, cudaAtomicCapabilityScalar64 = 16, cudaAtomicCapabilityScalar128 = 32,
  cudaAtomicCapabilityVector32x4 = 64
};
enum cudaDevSmResourceGroup_flags {
  cudaDevSmResourceGroupDefault,
  cudaDevSmResourceGroupBackfill,
  cudaDevSmResourceGroupLocalityDomainId,
  cudaDevSmResourceGroupLocalityDomainSupplementalSms = 4
};
enum cudaDevSmResourceSplitByCount_flags {
  cudaDevSmResourceSplitIgnoreSmCoscheduling = 1,
  cudaDevSmResourceSplitMaxPotentialClusterSize
};
enum cudaDevResourceType {
  cudaDevResourceTypeInvalid,
  cudaDevResourceTypeSm,
  cudaDevResourceTypeWorkqueueConfig = 1000,
  cudaDevResourceTypeWorkqueue = 10000
};
enum cudaDevWorkqueueConfigScope {
  cudaDevWorkqueueConfigScopeDeviceCtx,
  cudaDevWorkqueueConfigScopeGreenCtxBalanced
};
enum cudaKernelFunctionType {
  cudaKernelFunctionTypeUnspecified,
  cudaKernelFunctionTypeDeviceEntry,
  cudaKernelFunctionTypeKernel,
  cudaKernelFunctionTypeFunction
};
enum cudaLaunchAttributePortableClusterMode {
  cudaLaunchPortableClusterModeDefault,
  cudaLaunchPortableClusterModeRequirePortable,
  cudaLaunchPortableClusterModeAllowNonPortable
};
typedef enum cudaLaunchAttributePortableClusterMode cudaLaunchAttributePortableClusterMode;
enum CUDAlogLevel_enum {
  cudaLogLevelError,
  cudaLogLevelWarning
};
typedef enum CUDAlogLevel_enum cudaLogLevel;
enum cudaFabricOpStatusSource {
  cudaFabricOpStatusSourceMbarrierV1,
  cudaFabricOpStatusSourceMax = 2147483647
};
enum cudaFabricOpStatusInfo {
  cudaFabricOpStatusInfoSuccess,
  cudaFabricOpStatusInfoLast = 0,
  cudaFabricOpStatusInfoMax = 2147483647
};
enum cudaEmulationStrategy_t {
  CUDA_EMULATION_STRATEGY_DEFAULT,
  CUDA_EMULATION_STRATEGY_PERFORMANT,
  CUDA_EMULATION_STRATEGY_EAGER
};
typedef enum cudaEmulationStrategy_t cudaEmulationStrategy;
enum cudaEmulationMantissaControl_t {
  CUDA_EMULATION_MANTISSA_CONTROL_DYNAMIC,
  CUDA_EMULATION_MANTISSA_CONTROL_FIXED
};
typedef enum cudaEmulationMantissaControl_t cudaEmulationMantissaControl;
enum cudaEmulationSpecialValuesSupport_t {
  CUDA_EMULATION_SPECIAL_VALUES_SUPPORT_DEFAULT = 65535,
  CUDA_EMULATION_SPECIAL_VALUES_SUPPORT_NONE = 0,
  CUDA_EMULATION_SPECIAL_VALUES_SUPPORT_INFINITY,
  CUDA_EMULATION_SPECIAL_VALUES_SUPPORT_NAN
};
typedef enum cudaEmulationSpecialValuesSupport_t cudaEmulationSpecialValuesSupport;
