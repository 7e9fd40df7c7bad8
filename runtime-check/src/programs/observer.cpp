// The observer: a library that CUDA loads into a program (CUDA_INJECTION64_PATH), to see from outside what the
// program does. It knows no rule. It writes JSON lines; `observe.rs` starts it and reads them.
//
//   OBSERVER_LOG      the file for the lines
//   OBSERVER_HOLD_MS  keep each piece of work back for that long, by a spin kernel before it on its stream
//   OBSERVER_STREAM   keep back the work of one stream only: its index, in the order of first use
//   OBSERVER_GUARD    guard the pages of pinned and registered buffers while a copy is in flight
//   OBSERVER_SERIAL   let every piece of work end before the program goes on
//   OBSERVER_DIGEST   fill new memory with a pattern, and note a digest of each buffer when it is freed
//
// Whether a copy is in flight is not modelled: behind each copy its stream writes a word into pinned memory, and
// who looks at that word knows.
#include <cuda.h>
#include <cupti.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace {

// ------------------------------------------------------------------------------------------- settings and log

double hold_ms = 0;
int held_stream = -1;
bool guards_on = false, serial = false, digests = false;
int log_file = -1;
std::atomic<int> lines{0};
const int max_lines = 300, max_holds = 24;

double now_ms() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

// One write for one line: threads and signal handlers do not mix them.
void line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void line(const char *format, ...) {
    if (log_file < 0 || lines++ >= max_lines) return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text - 2, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    if (length > int(sizeof text) - 2) length = sizeof text - 2;
    text[length++] = '\n';
    if (write(log_file, text, length) < 0) log_file = -1;
}

// The program itself, without its libraries.
uintptr_t program_low = UINTPTR_MAX, program_high = 0, program_base = 0;

int note_program(dl_phdr_info *info, size_t, void *) {
    program_base = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; ++i)
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            uintptr_t low = program_base + info->dlpi_phdr[i].p_vaddr, high = low + info->dlpi_phdr[i].p_memsz;
            if (low < program_low) program_low = low;
            if (high > program_high) program_high = high;
        }
    return 1; // the first object is the program
}

struct Frames {
    char text[400];
    int count;
};

// Where the program is: the addresses of its own frames, as its file has them, innermost first.
void find_frames(Frames &frames, void *pc) {
    void *all[40];
    int n = backtrace(all, 40), length = 0;
    frames.count = 0;
    frames.text[0] = 0;
    auto add = [&](uintptr_t address) {
        if (address < program_low || address >= program_high || frames.count >= 12) return;
        length += snprintf(frames.text + length, sizeof frames.text - length, "%s\"0x%lx\"", frames.count ? "," : "",
                           (unsigned long)(address - program_base));
        ++frames.count;
    };
    if (pc) add(uintptr_t(pc));
    // A return address is behind its call.
    for (int i = 0; i < n; ++i)
        if (all[i] != pc) add(uintptr_t(all[i]) - 1);
}

bool on_main_thread() { return getpid() == syscall(SYS_gettid); }

// True while the observer itself calls CUDA: its calls are not the program's.
thread_local bool inside = false;
// How deep the program is in calls of CUDA, and when the outermost began.
thread_local int depth = 0;
thread_local double entered = 0;

struct Inside {
    bool before = inside;
    Inside() { inside = true; }
    ~Inside() { inside = before; }
};

// ----------------------------------------------------------------------------------------------------- streams

pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
CUstream seen[64];
double held_until[64];
int seen_count = 0;
double any_held_until = 0;

// The index of a stream, in the order of first use.
int index_of(CUstream stream) {
    pthread_mutex_lock(&table_lock);
    int index = 0;
    while (index < seen_count && seen[index] != stream) ++index;
    bool is_new = index == seen_count && seen_count < 64;
    if (is_new) seen[seen_count++] = stream;
    pthread_mutex_unlock(&table_lock);
    if (is_new)
        line("{\"event\":\"stream\",\"index\":%d,\"default\":%s}", index,
             stream == CU_STREAM_LEGACY || stream == CU_STREAM_PER_THREAD ? "true" : "false");
    return index < 64 ? index : 63;
}

bool may_enqueue(CUstream stream) {
    CUstreamCaptureStatus status;
    return cuStreamIsCapturing(stream, &status) == CUDA_SUCCESS && status == CU_STREAM_CAPTURE_STATUS_NONE;
}

// --------------------------------------------------------------------------------------------- what is prepared

const char hold_code[] = R"(
.version 7.0
.target sm_70
.address_size 64
.visible .entry hold(.param .u64 nanoseconds)
{
    .reg .pred %p<2>;
    .reg .b64 %rd<5>;
    ld.param.u64 %rd1, [nanoseconds];
    mov.u64 %rd2, %globaltimer;
AGAIN:
    mov.u64 %rd3, %globaltimer;
    sub.s64 %rd4, %rd3, %rd2;
    setp.lt.u64 %p1, %rd4, %rd1;
    @%p1 bra AGAIN;
    ret;
}
)";
const uintptr_t page = 4096;
const int max_flags = 1024;
CUfunction hold_kernel = nullptr;
volatile uint32_t *flags = nullptr;
CUdeviceptr flags_on_device = 0;
std::atomic<int> next_flag{0};
CUstream own_stream = nullptr;
bool is_prepared = false;

// Loads the kernel and allocates before anything is held: both may wait for the device.
void prepare() {
    if (is_prepared || depth == 0) return;
    CUcontext context;
    if (cuCtxGetCurrent(&context) != CUDA_SUCCESS || !context) return;
    is_prepared = true;
    CUmodule module;
    CUresult loaded = cuModuleLoadData(&module, hold_code);
    if (loaded == CUDA_SUCCESS) loaded = cuModuleGetFunction(&hold_kernel, module, "hold");
    // Small blocks of pinned memory share pages. The flags have theirs for themselves: they are looked at while a
    // lock is held that whoever touches a guarded page takes too.
    void *host = nullptr;
    const size_t bytes = max_flags * sizeof(uint32_t);
    CUresult allocated = cuMemHostAlloc(&host, bytes + 2 * page, CU_MEMHOSTALLOC_DEVICEMAP);
    if (allocated == CUDA_SUCCESS) {
        auto *aligned = reinterpret_cast<void *>((uintptr_t(host) + page - 1) & ~(page - 1));
        memset(aligned, 0, bytes);
        allocated = cuMemHostGetDevicePointer(&flags_on_device, aligned, 0);
        if (allocated == CUDA_SUCCESS) flags = static_cast<volatile uint32_t *>(aligned);
    }
    cuStreamCreate(&own_stream, CU_STREAM_NON_BLOCKING);
    if (hold_kernel) { // the first launch loads the code
        unsigned long long none = 0;
        void *arguments[] = {&none};
        cuLaunchKernel(hold_kernel, 1, 1, 1, 1, 1, 1, 0, own_stream, arguments, nullptr);
        cuStreamSynchronize(own_stream);
    }
    line("{\"event\":\"ready\",\"kernel\":%d,\"flags\":%d}", int(loaded), int(allocated));
}

std::atomic<int> holds{0};
std::atomic<int> made{0};

void hold(CUstream stream, int index) {
    if (hold_ms <= 0 || !hold_kernel || (held_stream >= 0 && index != held_stream) || holds++ >= max_holds) return;
    unsigned long long nanoseconds = hold_ms * 1e6;
    void *arguments[] = {&nanoseconds};
    if (cuLaunchKernel(hold_kernel, 1, 1, 1, 1, 1, 1, 0, stream, arguments, nullptr) != CUDA_SUCCESS) return;
    double now = now_ms();
    pthread_mutex_lock(&table_lock);
    held_until[index] = (held_until[index] > now ? held_until[index] : now) + hold_ms;
    if (held_until[index] > any_held_until) any_held_until = held_until[index];
    pthread_mutex_unlock(&table_lock);
}

// ------------------------------------------------------------------------------------------------------ guards

// A copy in flight and the host memory that it uses.
struct Guard {
    uintptr_t start, end;
    bool written; // by the copy: then the host may not even read
    int flag;
};
Guard guards[256];
int guard_count = 0;
std::atomic_flag guards_lock = ATOMIC_FLAG_INIT;
thread_local uintptr_t stepping_over = 0;

struct GuardsLock {
    GuardsLock() {
        while (guards_lock.test_and_set(std::memory_order_acquire)) {}
    }
    ~GuardsLock() { guards_lock.clear(std::memory_order_release); }
};

bool in_flight(const Guard &guard) { return flags && !flags[guard.flag]; }

// Gives pages the protection that the copies in flight ask for.
void protect(uintptr_t start, uintptr_t end) {
    for (uintptr_t at = start & ~(page - 1); at < end; at += page) {
        int protection = PROT_READ | PROT_WRITE;
        for (int i = 0; i < guard_count; ++i)
            if (guards[i].start < at + page && guards[i].end > at && in_flight(guards[i]))
                protection &= guards[i].written ? PROT_NONE : PROT_READ;
        mprotect(reinterpret_cast<void *>(at), page, protection);
    }
}

void forget_done() {
    for (int i = 0; i < guard_count;) {
        if (in_flight(guards[i])) {
            ++i;
            continue;
        }
        Guard done = guards[i];
        guards[i] = guards[--guard_count];
        protect(done.start, done.end);
    }
}

bool on_stack(uintptr_t address) {
    pthread_attr_t attributes;
    void *low = nullptr;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes)) return true;
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    return address >= uintptr_t(low) && address < uintptr_t(low) + size;
}

bool is_pinned(uintptr_t host) {
    unsigned type = 0, managed = 0;
    return cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, host) == CUDA_SUCCESS &&
           type == CU_MEMORYTYPE_HOST &&
           (cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, host) != CUDA_SUCCESS || !managed);
}

// Notes that a copy uses host memory. The pages are guarded if that is wanted and can be done.
void add_guard(uintptr_t host, size_t bytes, bool written, int flag) {
    if (!bytes || !is_pinned(host)) return;
    GuardsLock lock;
    forget_done();
    if (guard_count == 256) return;
    guards[guard_count++] = Guard{host, host + bytes, written, flag};
    if (guards_on && !on_stack(host)) protect(host, host + bytes);
}

// Behind the work: the stream says that it is done.
int mark(CUstream stream) {
    if (!flags) return -1;
    int flag = next_flag++;
    if (flag >= max_flags) return -1;
    return cuStreamWriteValue32(stream, flags_on_device + flag * sizeof(uint32_t), 1, 0) == CUDA_SUCCESS ? flag : -1;
}

void on_fault(int signal, siginfo_t *info, void *raw) {
    auto *context = static_cast<ucontext_t *>(raw);
    uintptr_t address = uintptr_t(info->si_addr);
    void *pc = reinterpret_cast<void *>(context->uc_mcontext.gregs[REG_RIP]);
    bool write = context->uc_mcontext.gregs[REG_ERR] & 2;
    bool guarded = false, touched = false, destination = false;
    {
        GuardsLock lock;
        uintptr_t at = address & ~(page - 1);
        for (int i = 0; i < guard_count; ++i) {
            Guard &guard = guards[i];
            if (guard.start >= at + page || guard.end <= at) continue;
            guarded = true;
            if (address >= guard.start && address < guard.end && in_flight(guard) && (write || guard.written)) {
                touched = true;
                destination |= guard.written;
            }
        }
        // Pages stay guarded against the next touch: this one access is let through.
        if (guarded) mprotect(reinterpret_cast<void *>(at), page, PROT_READ | PROT_WRITE);
    }
    if (guarded) {
        Frames frames;
        if (touched && depth == 0 && !inside) {
            find_frames(frames, pc);
            line("{\"event\":\"touch\",\"access\":\"%s\",\"buffer\":\"%s\",\"frames\":[%s]}", write ? "write" : "read",
                 destination ? "destination" : "source", frames.text);
            return; // once is enough: the page stays open
        }
        stepping_over = address & ~(page - 1);
        context->uc_mcontext.gregs[REG_EFL] |= 0x100;
        return;
    }
    Frames frames;
    find_frames(frames, pc);
    line("{\"event\":\"fault\",\"signal\":%d,\"access\":\"%s\",\"frames\":[%s]}", signal, write ? "write" : "read",
         frames.text);
    ::signal(signal, SIG_DFL);
}

void on_step(int, siginfo_t *, void *raw) {
    auto *context = static_cast<ucontext_t *>(raw);
    context->uc_mcontext.gregs[REG_EFL] &= ~0x100ll;
    GuardsLock lock;
    if (stepping_over) protect(stepping_over, stepping_over + page);
    stepping_over = 0;
}

// Host memory is given back: is it in use?
void on_release(const char *call, uintptr_t address, size_t bytes) {
    bool used = false, destination = false;
    {
        GuardsLock lock;
        for (int i = 0; i < guard_count; ++i)
            if (guards[i].start < address + bytes && guards[i].end > address) {
                if (in_flight(guards[i])) used = true, destination |= guards[i].written;
                guards[i].end = guards[i].start; // who frees it must find it writable
            }
        protect(address, address + bytes);
    }
    if (!used) return;
    Frames frames;
    find_frames(frames, nullptr);
    line("{\"event\":\"freed\",\"call\":\"%s\",\"buffer\":\"%s\",\"frames\":[%s]}", call,
         destination ? "destination" : "source", frames.text);
}

// ------------------------------------------------------------------------------------------------- allocations

enum class Memory { Device, Host, Managed };
struct Allocation {
    uintptr_t start;
    size_t bytes;
    Memory memory;
};
Allocation allocations[1024];
int allocation_count = 0;
const unsigned char pattern = 0xa5;

const char *word(Memory memory) {
    return memory == Memory::Device ? "device" : memory == Memory::Host ? "host" : "managed";
}

void on_allocate(uintptr_t start, size_t bytes, Memory memory, bool fill) {
    pthread_mutex_lock(&table_lock);
    if (allocation_count < 1024) allocations[allocation_count++] = Allocation{start, bytes, memory};
    pthread_mutex_unlock(&table_lock);
    if (!digests || !fill) return;
    if (memory == Memory::Device) {
        cuMemsetD8Async(start, pattern, bytes, own_stream);
        cuStreamSynchronize(own_stream);
    } else {
        memset(reinterpret_cast<void *>(start), pattern, bytes);
    }
}

bool find_allocation(uintptr_t start, Allocation &found, bool forget) {
    bool any = false;
    pthread_mutex_lock(&table_lock);
    for (int i = 0; i < allocation_count && !any; ++i)
        if (allocations[i].start == start) {
            found = allocations[i];
            if (forget) allocations[i] = allocations[--allocation_count];
            any = true;
        }
    pthread_mutex_unlock(&table_lock);
    return any;
}

void note_digest(const Allocation &allocation) {
    const size_t most = 1 << 20;
    size_t bytes = allocation.bytes < most ? allocation.bytes : most;
    if (cuCtxSynchronize() != CUDA_SUCCESS) return;
    auto *copy = static_cast<unsigned char *>(malloc(bytes));
    if (!copy) return;
    bool readable = true;
    if (allocation.memory == Memory::Device)
        readable = cuMemcpyDtoHAsync(copy, allocation.start, bytes, own_stream) == CUDA_SUCCESS &&
                   cuStreamSynchronize(own_stream) == CUDA_SUCCESS;
    else
        memcpy(copy, reinterpret_cast<void *>(allocation.start), bytes);
    uint64_t hash = 1469598103934665603ull; // FNV-1a
    for (size_t i = 0; i < bytes; ++i) hash = (hash ^ copy[i]) * 1099511628211ull;
    free(copy);
    if (readable)
        line("{\"event\":\"digest\",\"memory\":\"%s\",\"bytes\":%zu,\"hash\":\"%016lx\"}", word(allocation.memory),
             allocation.bytes, (unsigned long)hash);
}

// ----------------------------------------------------------------------------------------------- what is called

// Work that a call gives to a stream, and the host memory that a copy may use.
struct Work {
    bool is_work = false, is_host_function = false;
    CUstream stream = nullptr;
    uintptr_t reads = 0, writes = 0;
    size_t bytes = 0;
};

bool starts(const char *name, const char *with) { return !strncmp(name, with, strlen(with)); }

bool ends(const char *name, const char *with) {
    size_t n = strlen(name), m = strlen(with);
    return n >= m && !strcmp(name + n - m, with);
}

Work work_of(const char *name, const void *raw) {
    Work work;
    auto copy = [&](uintptr_t dst, uintptr_t src, size_t bytes, CUstream stream) {
        work.is_work = true, work.writes = dst, work.reads = src, work.bytes = bytes, work.stream = stream;
    };
#define PARAMETERS(function) auto *p = static_cast<const function##_params *>(raw)
    if (starts(name, "cuMemcpyHtoDAsync_v2")) {
        PARAMETERS(cuMemcpyHtoDAsync_v2);
        copy(0, uintptr_t(p->srcHost), p->ByteCount, p->hStream);
    } else if (starts(name, "cuMemcpyDtoHAsync_v2")) {
        PARAMETERS(cuMemcpyDtoHAsync_v2);
        copy(uintptr_t(p->dstHost), 0, p->ByteCount, p->hStream);
    } else if (starts(name, "cuMemcpyDtoDAsync_v2")) {
        PARAMETERS(cuMemcpyDtoDAsync_v2);
        copy(0, 0, p->ByteCount, p->hStream);
    } else if (starts(name, "cuMemcpyAsync")) {
        PARAMETERS(cuMemcpyAsync);
        copy(p->dst, p->src, p->ByteCount, p->hStream);
    } else if (starts(name, "cuMemcpy2DAsync_v2")) {
        PARAMETERS(cuMemcpy2DAsync_v2);
        const CUDA_MEMCPY2D *c = p->pCopy;
        size_t rows = c->Height ? c->Height - 1 : 0;
        bool down = c->dstMemoryType == CU_MEMORYTYPE_HOST, up = c->srcMemoryType == CU_MEMORYTYPE_HOST;
        copy(down ? uintptr_t(c->dstHost) + c->dstY * c->dstPitch + c->dstXInBytes : 0,
             up ? uintptr_t(c->srcHost) + c->srcY * c->srcPitch + c->srcXInBytes : 0,
             rows * (down ? c->dstPitch : c->srcPitch) + c->WidthInBytes, p->hStream);
    } else if (starts(name, "cuMemcpy3DAsync_v2")) {
        PARAMETERS(cuMemcpy3DAsync_v2);
        copy(0, 0, 0, p->hStream);
    } else if (starts(name, "cuMemsetD8Async") || starts(name, "cuMemsetD16Async") || starts(name, "cuMemsetD32Async")) {
        PARAMETERS(cuMemsetD8Async); // dstDevice, value, N, hStream: the value is passed in a word of its own
        copy(0, 0, 0, p->hStream);
    } else if (starts(name, "cuMemsetD2D8Async")) {
        PARAMETERS(cuMemsetD2D8Async);
        copy(0, 0, 0, p->hStream);
    } else if (starts(name, "cuMemsetD2D32Async")) {
        PARAMETERS(cuMemsetD2D32Async);
        copy(0, 0, 0, p->hStream);
    } else if (starts(name, "cuLaunchKernelEx")) {
        PARAMETERS(cuLaunchKernelEx);
        copy(0, 0, 0, p->config->hStream);
    } else if (starts(name, "cuLaunchKernel")) {
        PARAMETERS(cuLaunchKernel);
        copy(0, 0, 0, p->hStream);
    } else if (starts(name, "cuLaunchCooperativeKernel") && !strstr(name, "Multi")) {
        PARAMETERS(cuLaunchCooperativeKernel);
        copy(0, 0, 0, p->hStream);
    } else if (starts(name, "cuGraphLaunch")) {
        PARAMETERS(cuGraphLaunch);
        copy(0, 0, 0, p->hStream);
    } else if (starts(name, "cuLaunchHostFunc")) {
        PARAMETERS(cuLaunchHostFunc);
        copy(0, 0, 0, p->hStream);
        work.is_host_function = true;
    } else if (starts(name, "cuMemcpyHtoD_v2") || starts(name, "cuMemcpyDtoH_v2") || starts(name, "cuMemcpyDtoD_v2") ||
               !strcmp(name, "cuMemcpy") || !strcmp(name, "cuMemcpy_ptds") || starts(name, "cuMemcpy2D_v2") ||
               starts(name, "cuMemcpy2DUnaligned_v2") || starts(name, "cuMemsetD8_v2") ||
               starts(name, "cuMemsetD16_v2") || starts(name, "cuMemsetD32_v2")) {
        copy(0, 0, 0, nullptr);
    }
#undef PARAMETERS
    if (work.is_work && (!work.stream || work.stream == CU_STREAM_LEGACY))
        work.stream = ends(name, "_ptsz") || ends(name, "_ptds") ? CU_STREAM_PER_THREAD : CU_STREAM_LEGACY;
    return work;
}

// Frees, before they happen.
void before_free(const char *name, const void *raw) {
    uintptr_t address = 0;
    if (starts(name, "cuMemFreeHost"))
        address = uintptr_t(static_cast<const cuMemFreeHost_params *>(raw)->p);
    else if (starts(name, "cuMemHostUnregister"))
        address = uintptr_t(static_cast<const cuMemHostUnregister_params *>(raw)->p);
    else if (starts(name, "cuMemFree_v2"))
        address = uintptr_t(static_cast<const cuMemFree_v2_params *>(raw)->dptr);
    else
        return;
    Allocation allocation;
    if (!address || !find_allocation(address, allocation, true)) return;
    if (allocation.memory == Memory::Host) on_release(name, address, allocation.bytes);
    if (digests) note_digest(allocation);
}

// Allocations, after they happened.
void after_allocate(const char *name, const void *raw) {
#define PARAMETERS(function) auto *p = static_cast<const function##_params *>(raw)
    if (starts(name, "cuMemAlloc_v2")) {
        PARAMETERS(cuMemAlloc_v2);
        on_allocate(*p->dptr, p->bytesize, Memory::Device, true);
    } else if (starts(name, "cuMemAllocHost_v2")) {
        PARAMETERS(cuMemAllocHost_v2);
        on_allocate(uintptr_t(*p->pp), p->bytesize, Memory::Host, true);
    } else if (starts(name, "cuMemHostAlloc")) {
        PARAMETERS(cuMemHostAlloc);
        on_allocate(uintptr_t(*p->pp), p->bytesize, Memory::Host, true);
    } else if (starts(name, "cuMemHostRegister_v2")) {
        PARAMETERS(cuMemHostRegister_v2);
        on_allocate(uintptr_t(p->p), p->bytesize, Memory::Host, false);
    } else if (starts(name, "cuMemAllocManaged")) {
        PARAMETERS(cuMemAllocManaged);
        on_allocate(*p->dptr, p->bytesize, Memory::Managed, true);
    }
#undef PARAMETERS
}

// What it means that a call did not succeed is not always an error of the program.
bool is_error(const char *name, int code) {
    if (code == 0 || code == 600) return false; // 600: not ready, the answer of a query
    return !starts(name, "cudaGetLastError") && !starts(name, "cudaPeekAtLastError");
}

// The driver's functions that the runtime calls are no calls of the program; functions of the runtime always are,
// also where the runtime calls back into the program.
void on_program_call(bool enter, bool runtime, const char *name, int code) {
    if (enter) {
        if (depth++ == 0) entered = now_ms();
        return;
    }
    bool outermost = depth <= 1;
    if (depth > 0) --depth;
    if (!outermost && !runtime) return;
    double now = now_ms(), took = now - entered;
    if (code == 600) line("{\"event\":\"notready\",\"call\":\"%s\"}", name);
    bool failed = is_error(name, code);
    bool blocked = outermost && hold_ms > 0 && took > 0.6 * hold_ms && any_held_until > entered + 0.6 * hold_ms;
    if (!failed && !blocked) return;
    Frames frames;
    find_frames(frames, nullptr);
    if (failed)
        line("{\"event\":\"error\",\"call\":\"%s\",\"code\":%d,\"main_thread\":%s,\"frames\":[%s]}", name, code,
             on_main_thread() ? "true" : "false", frames.text);
    if (blocked)
        line("{\"event\":\"blocked\",\"call\":\"%s\",\"ms\":%.1f,\"frames\":[%s]}", name, took, frames.text);
}

thread_local int driver_depth = 0;
thread_local bool enqueued = false;
thread_local Work current;

void CUPTIAPI on_call(void *, CUpti_CallbackDomain domain, CUpti_CallbackId, const void *data) {
    if (inside) return;
    Inside guard;
    auto *call = static_cast<const CUpti_CallbackData *>(data);
    bool enter = call->callbackSite == CUPTI_API_ENTER;
    const char *name = call->functionName;
    int code = enter || !call->functionReturnValue ? 0 : *static_cast<const int *>(call->functionReturnValue);
    int saved = errno;
    bool runtime = domain == CUPTI_CB_DOMAIN_RUNTIME_API;
    if (enter) on_program_call(true, runtime, name, 0);
    if (!runtime) {
        const void *parameters = call->functionParams;
        if (enter && driver_depth++ == 0) {
            current = work_of(name, parameters);
            enqueued = false;
            if (current.is_work) {
                prepare();
                enqueued = may_enqueue(current.stream);
                int index = index_of(current.stream);
                if (enqueued && !current.is_host_function) hold(current.stream, index);
            } else {
                before_free(name, parameters);
            }
        } else if (!enter && driver_depth > 0 && --driver_depth == 0) {
            if (current.is_work && enqueued && code == 0) {
                int flag = current.bytes && hold_ms > 0 ? mark(current.stream) : -1;
                if (flag >= 0 && current.writes) add_guard(current.writes, current.bytes, true, flag);
                if (flag >= 0 && current.reads) add_guard(current.reads, current.bytes, false, flag);
                if (serial) cuCtxSynchronize();
            } else if (!current.is_work && code == 0) {
                bool is_stream = starts(name, "cuStreamCreate");
                if (starts(name, "cuMemAlloc") || starts(name, "cuMemHost") || is_stream) prepare();
                // Whether each stream has a queue of its own is what the number is for; 32 are the most queues.
                if (is_stream && made++ < 32) line("{\"event\":\"made\"}");
                after_allocate(name, parameters);
            }
            current = Work{};
        }
    }
    if (!enter) on_program_call(false, runtime, name, code);
    errno = saved;
}

double number(const char *name, double otherwise) {
    const char *text = getenv(name);
    return text && *text ? atof(text) : otherwise;
}

} // namespace

extern "C" int InitializeInjection(void) {
    if (const char *path = getenv("OBSERVER_LOG")) log_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    hold_ms = number("OBSERVER_HOLD_MS", 0);
    held_stream = int(number("OBSERVER_STREAM", -1));
    guards_on = number("OBSERVER_GUARD", 0) != 0;
    serial = number("OBSERVER_SERIAL", 0) != 0;
    digests = number("OBSERVER_DIGEST", 0) != 0;
    dl_iterate_phdr(note_program, nullptr);
    void *warm[4];
    backtrace(warm, 4); // the first call allocates, which a signal handler must not

    CUpti_SubscriberHandle subscriber;
    CUptiResult result = cuptiSubscribe(&subscriber, CUpti_CallbackFunc(on_call), nullptr);
    if (result == CUPTI_SUCCESS) result = cuptiEnableDomain(1, subscriber, CUPTI_CB_DOMAIN_DRIVER_API);
    if (result == CUPTI_SUCCESS) result = cuptiEnableDomain(1, subscriber, CUPTI_CB_DOMAIN_RUNTIME_API);

    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    action.sa_sigaction = on_step;
    sigaction(SIGTRAP, &action, nullptr);
    line("{\"event\":\"up\",\"cupti\":%d}", int(result));
    return 1;
}
