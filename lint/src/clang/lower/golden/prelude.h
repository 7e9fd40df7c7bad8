// The declarations that the tests of the lowering are parsed with: a handful of CUDA and of C++.
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __host__ __attribute__((host))
#define __managed__ __attribute__((device)) __attribute__((annotate("cuda_managed")))
typedef decltype(sizeof(0)) size_t;
struct dim3 {
    unsigned x, y, z;
    __host__ __device__ constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
typedef enum cudaError { cudaSuccess, cudaErrorInvalidValue } cudaError_t;
enum cudaMemcpyKind { cudaMemcpyHostToHost, cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
typedef struct CUstream_st *cudaStream_t;
typedef struct CUevent_st *cudaEvent_t;
typedef void (*cudaHostFn_t)(void *);
extern "C" {
cudaError_t cudaConfigureCall(dim3 grid, dim3 block, size_t shared = 0, cudaStream_t stream = 0);
cudaError_t cudaMalloc(void **pointer, size_t bytes);
cudaError_t cudaFree(void *pointer);
cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream = 0);
cudaError_t cudaStreamCreate(cudaStream_t *stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *data);
void *malloc(size_t bytes);
void free(void *pointer);
void exit(int status) __attribute__((noreturn));
}
template <class T> cudaError_t cudaMalloc(T **pointer, size_t bytes);
namespace std {
inline namespace __1 {
template <class T> struct allocator {};
template <class T, class A = allocator<T>> struct vector {
    vector();
    explicit vector(size_t count);
    vector(const vector &);
    vector(vector &&);
    ~vector();
    vector &operator=(const vector &);
    T &operator[](size_t index);
    T *data();
    const T *data() const;
    size_t size() const;
    T *begin();
    T *end();
    void push_back(const T &value);
};
template <class T> T &&move(T &value);
struct thread {
    template <class F, class... A> explicit thread(F &&function, A &&...args);
    ~thread();
    void join();
};
template <class S> struct function;
template <class R, class... A> struct function<R(A...)> {
    function();
    template <class F> function(F function);
    ~function();
    R operator()(A... args) const;
};
}
}
