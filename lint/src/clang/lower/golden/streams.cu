void run() {
    cudaStream_t streams[2];
    for (int i = 0; i < 2; ++i) {
        if (i == 5) continue;
        cudaStreamCreate(&streams[i]);
    }
    cudaStreamDestroy(streams[0]);
}
