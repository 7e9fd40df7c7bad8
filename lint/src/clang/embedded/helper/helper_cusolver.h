// helper_cusolver.h of the CUDA samples.
#pragma once
#pragma clang system_header
#include "lib/cusolver2.h"
#include "helper/helper_cuda.h"

#define SWITCH_CHAR '-'
struct testOpts {
  char *sparse_mat_filename;
  const char *testFunc;
  const char *reorder;
  int lda;
};
double vec_norminf(int n, const double *x);
double mat_norminf(int m, int n, const double *A, int lda);
double csr_mat_norminf(int m, int n, int nnzA, const cusparseMatDescr_t descrA, const double *csrValA, const int *csrRowPtrA, const int *csrColIndA);
void display_matrix(int m, int n, int nnzA, const cusparseMatDescr_t descrA, const double *csrValA, const int *csrRowPtrA, const int *csrColIndA);
double second(void);
