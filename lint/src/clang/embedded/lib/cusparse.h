// cuSPARSE.
#pragma once
#pragma clang system_header
// macros that tell other headers that this one is there
#define CUSPARSE_H_
#define CUSPARSEAPI
#include "cucomplex.h"
#include "lib/bf16.h"
#include "cuda/runtime_templates.h"

#define CUSPARSE_VER_MAJOR 12
#define CUSPARSE_VER_MINOR 5
#define CUSPARSE_VER_PATCH 10
#define CUSPARSE_VER_BUILD 65
#define CUSPARSE_VERSION ( CUSPARSE_VER_MAJOR * 1000 + CUSPARSE_VER_MINOR * 100 + CUSPARSE_VER_PATCH )
#define CUSPARSE_CPP_VERSION __cplusplus
#define CUSPARSE_DEPRECATED [ [ deprecated ( "The routine will be removed in the next major release" ) ] ]
#define CUSPARSE_DEPRECATED_TYPE [ [ deprecated ( "The type will be removed in the next major release" ) ] ]
#define CUSPARSE_DEPRECATED_ENUM [ [ deprecated ( "The enum will be removed in the next major release" ) ] ]
enum cusparseStatus_t {
  CUSPARSE_STATUS_SUCCESS, CUSPARSE_STATUS_NOT_INITIALIZED, CUSPARSE_STATUS_ALLOC_FAILED,
  CUSPARSE_STATUS_INVALID_VALUE, CUSPARSE_STATUS_ARCH_MISMATCH, CUSPARSE_STATUS_MAPPING_ERROR,
  CUSPARSE_STATUS_EXECUTION_FAILED, CUSPARSE_STATUS_INTERNAL_ERROR, CUSPARSE_STATUS_MATRIX_TYPE_NOT_SUPPORTED,
  CUSPARSE_STATUS_ZERO_PIVOT, CUSPARSE_STATUS_NOT_SUPPORTED, CUSPARSE_STATUS_INSUFFICIENT_RESOURCES
};
typedef enum cusparseStatus_t cusparseStatus_t;
enum cusparsePointerMode_t {
  CUSPARSE_POINTER_MODE_HOST,
  CUSPARSE_POINTER_MODE_DEVICE
};
typedef enum cusparsePointerMode_t cusparsePointerMode_t;
enum cusparseAction_t {
  CUSPARSE_ACTION_SYMBOLIC,
  CUSPARSE_ACTION_NUMERIC
};
typedef enum cusparseAction_t cusparseAction_t;
enum cusparseMatrixType_t {
  CUSPARSE_MATRIX_TYPE_GENERAL,
  CUSPARSE_MATRIX_TYPE_SYMMETRIC,
  CUSPARSE_MATRIX_TYPE_HERMITIAN,
  CUSPARSE_MATRIX_TYPE_TRIANGULAR
};
typedef enum cusparseMatrixType_t cusparseMatrixType_t;
enum cusparseFillMode_t {
  CUSPARSE_FILL_MODE_LOWER,
  CUSPARSE_FILL_MODE_UPPER
};
typedef enum cusparseFillMode_t cusparseFillMode_t;
enum cusparseDiagType_t {
  CUSPARSE_DIAG_TYPE_NON_UNIT,
  CUSPARSE_DIAG_TYPE_UNIT
};
typedef enum cusparseDiagType_t cusparseDiagType_t;
enum cusparseIndexBase_t {
  CUSPARSE_INDEX_BASE_ZERO,
  CUSPARSE_INDEX_BASE_ONE
};
typedef enum cusparseIndexBase_t cusparseIndexBase_t;
enum cusparseOperation_t {
  CUSPARSE_OPERATION_NON_TRANSPOSE,
  CUSPARSE_OPERATION_TRANSPOSE,
  CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE
};
typedef enum cusparseOperation_t cusparseOperation_t;
enum cusparseDirection_t {
  CUSPARSE_DIRECTION_ROW,
  CUSPARSE_DIRECTION_COLUMN
};
typedef enum cusparseDirection_t cusparseDirection_t;
enum cusparseSolvePolicy_t {
  CUSPARSE_SOLVE_POLICY_NO_LEVEL,
  CUSPARSE_SOLVE_POLICY_USE_LEVEL
};
typedef enum cusparseSolvePolicy_t cusparseSolvePolicy_t;
enum cusparseColorAlg_t {
  CUSPARSE_COLOR_ALG0,
  CUSPARSE_COLOR_ALG1
};
typedef enum cusparseColorAlg_t cusparseColorAlg_t;
enum cusparseCsr2CscAlg_t {
  CUSPARSE_CSR2CSC_ALG_DEFAULT = 1,
  CUSPARSE_CSR2CSC_ALG1 = 1
};
typedef enum cusparseCsr2CscAlg_t cusparseCsr2CscAlg_t;
enum cusparseFormat_t {
  CUSPARSE_FORMAT_CSR = 1,
  CUSPARSE_FORMAT_CSC,
  CUSPARSE_FORMAT_COO,
  CUSPARSE_FORMAT_BLOCKED_ELL = 5,
  CUSPARSE_FORMAT_BSR,
  CUSPARSE_FORMAT_SLICED_ELLPACK
};
typedef enum cusparseFormat_t cusparseFormat_t;
enum cusparseOrder_t {
  CUSPARSE_ORDER_COL = 1,
  CUSPARSE_ORDER_ROW
};
typedef enum cusparseOrder_t cusparseOrder_t;
enum cusparseIndexType_t {
  CUSPARSE_INDEX_16U = 1,
  CUSPARSE_INDEX_32I,
  CUSPARSE_INDEX_64I
};
typedef enum cusparseIndexType_t cusparseIndexType_t;
enum cusparseSpMatAttribute_t {
  CUSPARSE_SPMAT_FILL_MODE,
  CUSPARSE_SPMAT_DIAG_TYPE
};
typedef enum cusparseSpMatAttribute_t cusparseSpMatAttribute_t;
enum cusparseSparseToDenseAlg_t {
  CUSPARSE_SPARSETODENSE_ALG_DEFAULT
};
typedef enum cusparseSparseToDenseAlg_t cusparseSparseToDenseAlg_t;
enum cusparseDenseToSparseAlg_t {
  CUSPARSE_DENSETOSPARSE_ALG_DEFAULT
};
typedef enum cusparseDenseToSparseAlg_t cusparseDenseToSparseAlg_t;
enum cusparseSpMVAlg_t {
  CUSPARSE_SPMV_ALG_DEFAULT,
  CUSPARSE_SPMV_CSR_ALG1 = 2,
  CUSPARSE_SPMV_CSR_ALG2,
  CUSPARSE_SPMV_COO_ALG1 = 1,
  CUSPARSE_SPMV_COO_ALG2 = 4,
  CUSPARSE_SPMV_SELL_ALG1
};
typedef enum cusparseSpMVAlg_t cusparseSpMVAlg_t;
enum cusparseSpSVAlg_t {
  CUSPARSE_SPSV_ALG_DEFAULT
};
typedef enum cusparseSpSVAlg_t cusparseSpSVAlg_t;
enum cusparseSpSVUpdate_t {
  CUSPARSE_SPSV_UPDATE_GENERAL,
  CUSPARSE_SPSV_UPDATE_DIAGONAL
};
typedef enum cusparseSpSVUpdate_t cusparseSpSVUpdate_t;
enum cusparseSpSMAlg_t {
  CUSPARSE_SPSM_ALG_DEFAULT
};
typedef enum cusparseSpSMAlg_t cusparseSpSMAlg_t;
enum cusparseSpSMUpdate_t {
  CUSPARSE_SPSM_UPDATE_GENERAL,
  CUSPARSE_SPSM_UPDATE_DIAGONAL
};
typedef enum cusparseSpSMUpdate_t cusparseSpSMUpdate_t;
enum cusparseSpMMAlg_t {
  CUSPARSE_SPMM_ALG_DEFAULT, CUSPARSE_SPMM_COO_ALG1, CUSPARSE_SPMM_COO_ALG2, CUSPARSE_SPMM_COO_ALG3,
  CUSPARSE_SPMM_COO_ALG4 = 5, CUSPARSE_SPMM_CSR_ALG1 = 4, CUSPARSE_SPMM_CSR_ALG2 = 6,
  CUSPARSE_SPMM_CSR_ALG3 = 12, CUSPARSE_SPMM_BLOCKED_ELL_ALG1, CUSPARSE_SPMM_BSR_ALG1
};
typedef enum cusparseSpMMAlg_t cusparseSpMMAlg_t;
enum cusparseSpGEMMAlg_t {
  CUSPARSE_SPGEMM_DEFAULT,
  CUSPARSE_SPGEMM_CSR_ALG_DETERMINITIC,
  CUSPARSE_SPGEMM_CSR_ALG_NONDETERMINITIC,
  CUSPARSE_SPGEMM_ALG1,
  CUSPARSE_SPGEMM_ALG2,
  CUSPARSE_SPGEMM_ALG3
};
typedef enum cusparseSpGEMMAlg_t cusparseSpGEMMAlg_t;
enum cusparseSDDMMAlg_t {
  CUSPARSE_SDDMM_ALG_DEFAULT
};
typedef enum cusparseSDDMMAlg_t cusparseSDDMMAlg_t;
enum cusparseSpMMOpAlg_t {
  CUSPARSE_SPMM_OP_ALG_DEFAULT
};
typedef enum cusparseSpMMOpAlg_t cusparseSpMMOpAlg_t;
struct cusparseContext;
typedef struct cusparseContext *cusparseHandle_t;
struct cusparseMatDescr;
typedef struct cusparseMatDescr *cusparseMatDescr_t;
struct bsrsv2Info;
typedef struct bsrsv2Info *bsrsv2Info_t;
struct bsrsm2Info;
typedef struct bsrsm2Info *bsrsm2Info_t;
struct csric02Info;
typedef struct csric02Info *csric02Info_t;
struct bsric02Info;
typedef struct bsric02Info *bsric02Info_t;
struct csrilu02Info;
typedef struct csrilu02Info *csrilu02Info_t;
struct bsrilu02Info;
typedef struct bsrilu02Info *bsrilu02Info_t;
struct csru2csrInfo;
typedef struct csru2csrInfo *csru2csrInfo_t;
struct cusparseColorInfo;
typedef struct cusparseColorInfo *cusparseColorInfo_t;
struct pruneInfo;
typedef struct pruneInfo *pruneInfo_t;
typedef void (*cusparseLoggerCallback_t)(int, const char *, const char *);
struct cusparseSpVecDescr;
struct cusparseDnVecDescr;
struct cusparseSpMatDescr;
struct cusparseDnMatDescr;
typedef struct cusparseSpVecDescr *cusparseSpVecDescr_t;
typedef struct cusparseDnVecDescr *cusparseDnVecDescr_t;
typedef struct cusparseSpMatDescr *cusparseSpMatDescr_t;
typedef struct cusparseDnMatDescr *cusparseDnMatDescr_t;
typedef const struct cusparseSpVecDescr *cusparseConstSpVecDescr_t;
typedef const struct cusparseDnVecDescr *cusparseConstDnVecDescr_t;
typedef const struct cusparseSpMatDescr *cusparseConstSpMatDescr_t;
typedef const struct cusparseDnMatDescr *cusparseConstDnMatDescr_t;
struct cusparseSpSVDescr;
typedef struct cusparseSpSVDescr *cusparseSpSVDescr_t;
struct cusparseSpSMDescr;
typedef struct cusparseSpSMDescr *cusparseSpSMDescr_t;
struct cusparseSpGEMMDescr;
typedef struct cusparseSpGEMMDescr *cusparseSpGEMMDescr_t;
struct cusparseSpMMOpPlan;
typedef struct cusparseSpMMOpPlan *cusparseSpMMOpPlan_t;
