// omp.h: the OpenMP run time library.
#pragma once
#pragma clang system_header
#include "std/c_base.h"

typedef struct {
  void *__lock;
} omp_lock_t;
typedef omp_lock_t omp_nest_lock_t;
typedef enum { omp_sched_static = 1, omp_sched_dynamic, omp_sched_guided, omp_sched_auto } omp_sched_t;
__EMB_BEGIN_C
void omp_set_num_threads(int count);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
int omp_get_thread_num(void);
int omp_get_num_procs(void);
int omp_in_parallel(void);
void omp_set_dynamic(int value);
int omp_get_dynamic(void);
void omp_set_nested(int value);
int omp_get_level(void);
void omp_set_schedule(omp_sched_t kind, int chunk);
double omp_get_wtime(void);
double omp_get_wtick(void);
void omp_init_lock(omp_lock_t *lock);
void omp_destroy_lock(omp_lock_t *lock);
void omp_set_lock(omp_lock_t *lock);
void omp_unset_lock(omp_lock_t *lock);
int omp_test_lock(omp_lock_t *lock);
int omp_get_num_devices(void);
int omp_get_default_device(void);
int omp_get_initial_device(void);
void omp_set_default_device(int device);
int omp_is_initial_device(void);
void *omp_target_alloc(size_t size, int device);
void omp_target_free(void *pointer, int device);
int omp_target_memcpy(void *to, const void *from, size_t size, size_t to_offset, size_t from_offset, int to_device, int from_device);
__EMB_END_C
