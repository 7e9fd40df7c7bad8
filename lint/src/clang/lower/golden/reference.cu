void fetch(int &out, const int *device, cudaStream_t stream = 0) {
    cudaMemcpyAsync(&out, device, sizeof(out), cudaMemcpyDeviceToHost, stream);
}
int run(const int *device) {
    int value;
    fetch(value, device);
    int &alias = value;
    alias++;
    return value;
}
