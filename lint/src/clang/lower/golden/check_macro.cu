#define CHECK(call)                          \
    do {                                     \
        cudaError_t status = (call);         \
        if (status != cudaSuccess) exit(1);  \
    } while (0)
void run(float **p) { CHECK(cudaMalloc(p, 4 * sizeof(float))); }
