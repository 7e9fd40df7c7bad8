// Keeps its stream busy for a time that the host chooses: one thread watches the device's clock. With a
// stream held, "the copy may still be running" becomes "the copy has not begun", and a hazard is seen every
// time. Launch it as <<<1, 1>>>; it touches no memory. Compiles with NVRTC and nvcc.
extern "C" __global__ void hold(unsigned long long nanoseconds)
{
    unsigned long long start, now;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
    do {
        asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
    } while (now - start < nanoseconds);
}
