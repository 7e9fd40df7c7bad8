__global__ void scale(float *out, const float *in, int n, float *unused, float *both) { out[n] = in[n]; both[n] += 1; }
void run(float *a, float *b, int n, cudaStream_t stream) {
    scale<<<n, 256, 0, stream>>>(a, b, n, a, b);
    scale<<<dim3(n, 2), 256>>>(a, b, n, nullptr, a);
}
