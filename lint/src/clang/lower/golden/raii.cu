class Buffer {
    float *pointer = nullptr;
    cudaStream_t stream;

public:
    Buffer(size_t n, cudaStream_t s) : stream(s) { cudaMalloc(&pointer, n); }
    ~Buffer() { cudaFree(pointer); }
    float *get() const { return pointer; }
};
struct Pair { Buffer first, second; };
float *run(cudaStream_t s, bool early) {
    Buffer buffer(4, s);
    if (early) return nullptr;
    Pair pair{Buffer(1, s), Buffer(2, s)};
    return pair.first.get();
}
