// multithreading.h, helper_multiprocess.h, nvrtc_helper.h, helper_cusolver.h of the CUDA samples.
#pragma once
#pragma clang system_header
#include "helper/helper_cuda.h"
#include "helper/helper_cuda_drvapi.h"
#include "std/c_posix.h"

// multithreading.h
typedef pthread_t CUTThread;
typedef void *(*CUT_THREADROUTINE)(void *);
#define CUT_THREADPROC void
#define CUT_THREADEND
extern "C" {
CUTThread cutStartThread(CUT_THREADROUTINE routine, void *data);
void cutEndThread(CUTThread thread);
void cutDestroyThread(CUTThread thread);
void cutWaitForThreads(const CUTThread *threads, int num);
}

// helper_multiprocess.h
typedef struct sharedMemoryInfo_st {
  void *addr;
  size_t size;
  int shmFd;
} sharedMemoryInfo;
typedef pid_t Process;
typedef int ShareableHandle;
struct ipcHandle_st {
  int socket;
  char *socketName;
};
typedef struct ipcHandle_st ipcHandle;
#define checkIpcErrors(ipcFuncResult) \
  if (ipcFuncResult == -1) {          \
    exit(EXIT_FAILURE);               \
  }
int sharedMemoryCreate(const char *name, size_t sz, sharedMemoryInfo *info);
int sharedMemoryOpen(const char *name, size_t sz, sharedMemoryInfo *info);
void sharedMemoryClose(sharedMemoryInfo *info);
int spawnProcess(Process *process, const char *app, char *const *args);
int waitProcess(Process *process);
int ipcCreateSocket(ipcHandle *&handle, const char *name, const std::vector<Process> &processes);
int ipcOpenSocket(ipcHandle *&handle);
int ipcCloseSocket(ipcHandle *handle);
int ipcRecvShareableHandles(ipcHandle *handle, std::vector<ShareableHandle> &shareableHandles);
int ipcSendShareableHandles(ipcHandle *handle, const std::vector<ShareableHandle> &shareableHandles, const std::vector<Process> &processes);
int ipcCloseShareableHandle(ShareableHandle shHandle);

// nvrtc_helper.h
#define NVRTC_SAFE_CALL(Name, x)                 \
  do {                                           \
    nvrtcResult result = x;                      \
    if (result != NVRTC_SUCCESS) {               \
      exit(1);                                   \
    }                                            \
  } while (0)
void compileFileToCUBIN(char *filename, int argc, char **argv, char **cubinResult, size_t *cubinResultSize, int requiresCGheaders);
CUmodule loadCUBIN(char *cubin, int argc, char **argv);
