void run(const float *device, size_t n, cudaStream_t stream) {
    std::vector<float> host(n);
    cudaMemcpyAsync(host.data(), device, n * sizeof(float), cudaMemcpyDeviceToHost, stream);
    float first = host[0];
}
