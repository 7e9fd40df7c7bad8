void run(cudaStream_t stream, int *flag) {
    cudaLaunchHostFunc(stream, [](void *data) { *static_cast<int *>(data) = 1; }, flag);
    int count = 0;
    auto add = [&count, flag](int n) { count += n; *flag = count; };
    add(2);
    std::function<void(int)> held = add;
    held(3);
    std::thread worker(add, 4);
    worker.join();
}
