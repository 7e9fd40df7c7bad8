int run(float *device, cudaStream_t stream) {
    int result = 1;
    void *host = malloc(16);
    if (cudaMemcpyAsync(host, device, 16, cudaMemcpyDeviceToHost, stream) != cudaSuccess) goto out;
    {
        int inner = 2;
        if (cudaStreamSynchronize(stream)) goto out;
        result = inner;
    }
out:
    free(host);
    return result;
}
