// NVTX: nvToolsExt.h and the C++ interface nvtx3.
#pragma once
#pragma clang system_header
#include "cuda/runtime_templates.h"
#include "cuda/driver_types2.h"

typedef uint64_t nvtxRangeId_t;
typedef struct nvtxDomainRegistration_st *nvtxDomainHandle_t;
typedef struct nvtxStringRegistration_st *nvtxStringHandle_t;
#define NVTX_VERSION 3
#define NVTX_EVENT_ATTRIB_STRUCT_SIZE 48
#define NVTX_COLOR_UNKNOWN 0
#define NVTX_COLOR_ARGB 1
#define NVTX_MESSAGE_UNKNOWN 0
#define NVTX_MESSAGE_TYPE_ASCII 1
#define NVTX_MESSAGE_TYPE_REGISTERED 3
#define NVTX_PAYLOAD_TYPE_UNSIGNED_INT64 1
#define NVTX_PAYLOAD_TYPE_INT64 2
typedef union {
  const char *ascii;
  const wchar_t *unicode;
  nvtxStringHandle_t registered;
} nvtxMessageValue_t;
typedef struct nvtxEventAttributes_v2 {
  uint16_t version;
  uint16_t size;
  uint32_t category;
  int32_t colorType;
  uint32_t color;
  int32_t payloadType;
  int32_t reserved0;
  union {
    uint64_t ullValue;
    int64_t llValue;
    double dValue;
    uint32_t uiValue;
    int32_t iValue;
    float fValue;
  } payload;
  int32_t messageType;
  nvtxMessageValue_t message;
} nvtxEventAttributes_t;
__EMB_BEGIN_C
void nvtxInitialize(const void *reserved);
int nvtxRangePush(const char *message);
int nvtxRangePushA(const char *message);
int nvtxRangePushW(const wchar_t *message);
int nvtxRangePushEx(const nvtxEventAttributes_t *attributes);
int nvtxRangePop(void);
nvtxRangeId_t nvtxRangeStart(const char *message);
nvtxRangeId_t nvtxRangeStartA(const char *message);
nvtxRangeId_t nvtxRangeStartEx(const nvtxEventAttributes_t *attributes);
void nvtxRangeEnd(nvtxRangeId_t id);
void nvtxMark(const char *message);
void nvtxMarkA(const char *message);
void nvtxMarkEx(const nvtxEventAttributes_t *attributes);
nvtxDomainHandle_t nvtxDomainCreate(const char *name);
nvtxDomainHandle_t nvtxDomainCreateA(const char *name);
void nvtxDomainDestroy(nvtxDomainHandle_t domain);
int nvtxDomainRangePushEx(nvtxDomainHandle_t domain, const nvtxEventAttributes_t *attributes);
int nvtxDomainRangePop(nvtxDomainHandle_t domain);
nvtxRangeId_t nvtxDomainRangeStartEx(nvtxDomainHandle_t domain, const nvtxEventAttributes_t *attributes);
void nvtxDomainRangeEnd(nvtxDomainHandle_t domain, nvtxRangeId_t id);
void nvtxDomainMarkEx(nvtxDomainHandle_t domain, const nvtxEventAttributes_t *attributes);
nvtxStringHandle_t nvtxDomainRegisterStringA(nvtxDomainHandle_t domain, const char *text);
void nvtxNameOsThread(uint32_t id, const char *name);
void nvtxNameOsThreadA(uint32_t id, const char *name);
void nvtxNameCudaDeviceA(int device, const char *name);
void nvtxNameCudaStreamA(cudaStream_t stream, const char *name);
void nvtxNameCudaEventA(cudaEvent_t event, const char *name);
void nvtxNameCuStreamA(CUstream stream, const char *name);
__EMB_END_C
#if defined(__cplusplus)
namespace nvtx3 {
struct domain {
  struct global {};
};
struct rgb {
  rgb(unsigned r, unsigned g, unsigned b);
};
struct color {
  explicit color(unsigned value);
  color(rgb value);
};
struct category {
  explicit category(unsigned id);
};
struct payload {
  template <class T> explicit payload(T value);
};
struct message {
  message(const char *text);
};
struct event_attributes {
  template <class... A> explicit event_attributes(const A &...args);
};
template <class D = domain::global> class scoped_range_in {
public:
  scoped_range_in();
  template <class... A> explicit scoped_range_in(const A &...args);
  ~scoped_range_in();
};
using scoped_range = scoped_range_in<>;
using thread_range = scoped_range_in<>;
struct range_handle {};
template <class... A> range_handle start_range(const A &...args);
void end_range(range_handle range);
template <class... A> void mark(const A &...args);
inline namespace v1 {}
} // namespace nvtx3
#define NVTX3_FUNC_RANGE() ::nvtx3::scoped_range nvtx3_range__{__func__}
#define NVTX3_FUNC_RANGE_IN(domain) ::nvtx3::scoped_range nvtx3_range__{__func__}
#endif
