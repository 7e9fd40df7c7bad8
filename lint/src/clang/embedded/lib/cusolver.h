// cuSOLVER: dense, sparse, refactorisation, several GPUs.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define CUSOLVER_COMMON_H_
#define CUSOLVERDN_H_
#define CUSOLVERAPI
#include "cublas.h"
#include "cusparse2.h"

#define CUSOLVER_VER_MAJOR 11
#define CUSOLVER_VER_MINOR 7
#define CUSOLVER_VER_PATCH 5
#define CUSOLVER_VER_BUILD 82
#define CUSOLVER_VERSION ( CUSOLVER_VER_MAJOR * 1000 + CUSOLVER_VER_MINOR * 100 + CUSOLVER_VER_PATCH )
#define CUSOLVER_CPP_VERSION __cplusplus
enum cusolverDnFunction_t {
  CUSOLVERDN_GETRF,
  CUSOLVERDN_POTRF
};
typedef enum cusolverDnFunction_t cusolverDnFunction_t;
enum cusolverDeterministicMode_t {
  CUSOLVER_DETERMINISTIC_RESULTS = 1,
  CUSOLVER_ALLOW_NON_DETERMINISTIC_RESULTS
};
typedef enum cusolverDeterministicMode_t cusolverDeterministicMode_t;
enum cusolverStatus_t {
  CUSOLVER_STATUS_SUCCESS, CUSOLVER_STATUS_NOT_INITIALIZED, CUSOLVER_STATUS_ALLOC_FAILED,
  CUSOLVER_STATUS_INVALID_VALUE, CUSOLVER_STATUS_ARCH_MISMATCH, CUSOLVER_STATUS_MAPPING_ERROR,
  CUSOLVER_STATUS_EXECUTION_FAILED, CUSOLVER_STATUS_INTERNAL_ERROR, CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED,
  CUSOLVER_STATUS_NOT_SUPPORTED, CUSOLVER_STATUS_ZERO_PIVOT, CUSOLVER_STATUS_INVALID_LICENSE,
  CUSOLVER_STATUS_IRS_PARAMS_NOT_INITIALIZED, CUSOLVER_STATUS_IRS_PARAMS_INVALID,
  CUSOLVER_STATUS_IRS_PARAMS_INVALID_PREC, CUSOLVER_STATUS_IRS_PARAMS_INVALID_REFINE,
  CUSOLVER_STATUS_IRS_PARAMS_INVALID_MAXITER, CUSOLVER_STATUS_IRS_INTERNAL_ERROR = 20,
  CUSOLVER_STATUS_IRS_NOT_SUPPORTED, CUSOLVER_STATUS_IRS_OUT_OF_RANGE,
  CUSOLVER_STATUS_IRS_NRHS_NOT_SUPPORTED_FOR_REFINE_GMRES, CUSOLVER_STATUS_IRS_INFOS_NOT_INITIALIZED = 25,
  CUSOLVER_STATUS_IRS_INFOS_NOT_DESTROYED, CUSOLVER_STATUS_IRS_MATRIX_SINGULAR = 30,
  CUSOLVER_STATUS_INVALID_WORKSPACE
};
typedef enum cusolverStatus_t cusolverStatus_t;
enum cusolverEigType_t {
  CUSOLVER_EIG_TYPE_1 = 1,
  CUSOLVER_EIG_TYPE_2,
  CUSOLVER_EIG_TYPE_3
};
typedef enum cusolverEigType_t cusolverEigType_t;
enum cusolverEigMode_t {
  CUSOLVER_EIG_MODE_NOVECTOR,
  CUSOLVER_EIG_MODE_VECTOR
};
typedef enum cusolverEigMode_t cusolverEigMode_t;
enum cusolverEigRange_t {
  CUSOLVER_EIG_RANGE_ALL = 1001,
  CUSOLVER_EIG_RANGE_I,
  CUSOLVER_EIG_RANGE_V
};
typedef enum cusolverEigRange_t cusolverEigRange_t;
enum cusolverNorm_t {
  CUSOLVER_INF_NORM = 104,
  CUSOLVER_MAX_NORM,
  CUSOLVER_ONE_NORM,
  CUSOLVER_FRO_NORM
};
typedef enum cusolverNorm_t cusolverNorm_t;
enum cusolverIRSRefinement_t {
  CUSOLVER_IRS_REFINE_NOT_SET = 1100, CUSOLVER_IRS_REFINE_NONE, CUSOLVER_IRS_REFINE_CLASSICAL,
  CUSOLVER_IRS_REFINE_CLASSICAL_GMRES, CUSOLVER_IRS_REFINE_GMRES, CUSOLVER_IRS_REFINE_GMRES_GMRES,
  CUSOLVER_IRS_REFINE_GMRES_NOPCOND, CUSOLVER_PREC_DD = 1150, CUSOLVER_PREC_SS, CUSOLVER_PREC_SHT
};
typedef enum cusolverIRSRefinement_t cusolverIRSRefinement_t;
enum cusolverPrecType_t {
  CUSOLVER_R_8I = 1201, CUSOLVER_R_8U, CUSOLVER_R_64F, CUSOLVER_R_32F, CUSOLVER_R_16F, CUSOLVER_R_16BF,
  CUSOLVER_R_TF32, CUSOLVER_R_AP, CUSOLVER_C_8I = 1211, CUSOLVER_C_8U, CUSOLVER_C_64F, CUSOLVER_C_32F,
  CUSOLVER_C_16F, CUSOLVER_C_16BF, CUSOLVER_C_TF32, CUSOLVER_C_AP
};
typedef enum cusolverPrecType_t cusolverPrecType_t;
enum cusolverAlgMode_t {
  CUSOLVER_ALG_0,
  CUSOLVER_ALG_1,
  CUSOLVER_ALG_2
};
typedef enum cusolverAlgMode_t cusolverAlgMode_t;
enum cusolverStorevMode_t {
  CUBLAS_STOREV_COLUMNWISE,
  CUBLAS_STOREV_ROWWISE
};
typedef enum cusolverStorevMode_t cusolverStorevMode_t;
enum cusolverDirectMode_t {
  CUBLAS_DIRECT_FORWARD,
  CUBLAS_DIRECT_BACKWARD
};
typedef enum cusolverDirectMode_t cusolverDirectMode_t;
enum cusolverRfResetValuesFastMode_t {
  CUSOLVERRF_RESET_VALUES_FAST_MODE_OFF,
  CUSOLVERRF_RESET_VALUES_FAST_MODE_ON
};
typedef enum cusolverRfResetValuesFastMode_t cusolverRfResetValuesFastMode_t;
enum cusolverRfMatrixFormat_t {
  CUSOLVERRF_MATRIX_FORMAT_CSR,
  CUSOLVERRF_MATRIX_FORMAT_CSC
};
typedef enum cusolverRfMatrixFormat_t cusolverRfMatrixFormat_t;
enum cusolverRfUnitDiagonal_t {
  CUSOLVERRF_UNIT_DIAGONAL_STORED_L,
  CUSOLVERRF_UNIT_DIAGONAL_STORED_U,
  CUSOLVERRF_UNIT_DIAGONAL_ASSUMED_L,
  CUSOLVERRF_UNIT_DIAGONAL_ASSUMED_U
};
typedef enum cusolverRfUnitDiagonal_t cusolverRfUnitDiagonal_t;
enum cusolverRfFactorization_t {
  CUSOLVERRF_FACTORIZATION_ALG0,
  CUSOLVERRF_FACTORIZATION_ALG1,
  CUSOLVERRF_FACTORIZATION_ALG2
};
typedef enum cusolverRfFactorization_t cusolverRfFactorization_t;
enum cusolverRfTriangularSolve_t {
  CUSOLVERRF_TRIANGULAR_SOLVE_ALG1 = 1,
  CUSOLVERRF_TRIANGULAR_SOLVE_ALG2,
  CUSOLVERRF_TRIANGULAR_SOLVE_ALG3
};
typedef enum cusolverRfTriangularSolve_t cusolverRfTriangularSolve_t;
enum cusolverRfNumericBoostReport_t {
  CUSOLVERRF_NUMERIC_BOOST_NOT_USED,
  CUSOLVERRF_NUMERIC_BOOST_USED
};
typedef enum cusolverRfNumericBoostReport_t cusolverRfNumericBoostReport_t;
enum cusolverMgGridMapping_t {
  CUDALIBMG_GRID_MAPPING_ROW_MAJOR = 1,
  CUDALIBMG_GRID_MAPPING_COL_MAJOR = 0
};
typedef enum cusolverMgGridMapping_t cusolverMgGridMapping_t;
struct cusolverDnContext;
typedef struct cusolverDnContext *cusolverDnHandle_t;
struct syevjInfo;
typedef struct syevjInfo *syevjInfo_t;
struct gesvdjInfo;
typedef struct gesvdjInfo *gesvdjInfo_t;
struct cusolverDnIRSParams;
typedef struct cusolverDnIRSParams *cusolverDnIRSParams_t;
struct cusolverDnIRSInfos;
typedef struct cusolverDnIRSInfos *cusolverDnIRSInfos_t;
struct cusolverDnParams;
typedef struct cusolverDnParams *cusolverDnParams_t;
typedef int cusolver_int_t;
typedef void (*cusolverDnLoggerCallback_t)(int, const char *, const char *);
struct cusolverSpContext;
typedef struct cusolverSpContext *cusolverSpHandle_t;
struct csrqrInfo;
typedef struct csrqrInfo *csrqrInfo_t;
struct cusolverRfCommon;
typedef struct cusolverRfCommon *cusolverRfHandle_t;
struct cusolverMgContext;
typedef struct cusolverMgContext *cusolverMgHandle_t;
typedef void *cudaLibMgGrid_t;
typedef void *cudaLibMgMatrixDesc_t;
