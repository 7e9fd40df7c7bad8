// What replayed traces do on the device: look at words, fill them, and keep a stream busy until the host lets
// go. Compiles with NVRTC and nvcc.

// What one look at memory gives. The host clears it first.
struct Slot {
    unsigned first, last;
    unsigned long long sum;
    unsigned looks, unused;
};

// The first and the last word, and the sum of all. The reads are volatile: a cached value would not be what is
// in memory.
extern "C" __global__ void look(const volatile unsigned *words, unsigned long long count, Slot *slot)
{
    unsigned long long id = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x;
    unsigned long long step = gridDim.x * (unsigned long long)blockDim.x, sum = 0;
    for (unsigned long long i = id; i < count; i += step) {
        unsigned word = words[i];
        sum += word;
        if (i == 0)
            slot->first = word;
        if (i == count - 1)
            slot->last = word;
    }
    atomicAdd(&slot->sum, sum);
    if (id == 0)
        atomicAdd(&slot->looks, 1u);
}

// Writes one word everywhere.
extern "C" __global__ void fill(volatile unsigned *words, unsigned long long count, unsigned word)
{
    unsigned long long id = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x;
    unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;
    for (unsigned long long i = id; i < count; i += step)
        words[i] = word;
}

// Moves what a graph's look gave to where one launch of the graph keeps it, and clears it for the next launch.
extern "C" __global__ void take(Slot *from, Slot *to)
{
    *to = *from;
    from->first = from->last = from->looks = 0;
    from->sum = 0;
}

// Keeps its stream busy until the host raises the flag, or until the patience ends: every hold ends by itself.
extern "C" __global__ void hold_until(const volatile unsigned *flag, unsigned long long nanoseconds)
{
    unsigned long long start, now;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
    do {
        __nanosleep(500);
        asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
    } while (*flag == 0 && now - start < nanoseconds);
}
