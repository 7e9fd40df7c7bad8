// What replayed traces do on the device: look at words, fill them, and keep a stream busy until the host lets
// go. Compiles with NVRTC and nvcc.

// What one look at memory gives, and, of a look within a graph, how many launches of the graph have been taken from
// it. The host clears it first.
struct Slot {
    unsigned first, last;
    unsigned long long sum;
    unsigned looks, taken;
};

// When one block of a kernel ran, by the device's clock in nanoseconds. Each block writes its own, into page-locked
// memory, so that nothing has to be enqueued to learn it. The host clears them first; null: nobody asks.
struct Span {
    unsigned long long begin, end;
};

static __device__ unsigned long long now()
{
    unsigned long long time;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(time));
    return time;
}

static __device__ void begins(volatile Span *spans)
{
    if (spans && threadIdx.x == 0)
        spans[blockIdx.x].begin = now();
}

// The block's last thread is done when the first says so.
static __device__ void ends(volatile Span *spans)
{
    if (!spans)
        return;
    __syncthreads();
    if (threadIdx.x == 0)
        spans[blockIdx.x].end = now();
}

// The first and the last word, and the sum of all. The reads are volatile: a cached value would not be what is
// in memory.
extern "C" __global__ void look(const volatile unsigned *words, unsigned long long count, Slot *slot,
                                volatile Span *spans)
{
    begins(spans);
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
    ends(spans);
}

// Writes one word everywhere.
extern "C" __global__ void fill(volatile unsigned *words, unsigned long long count, unsigned word,
                                volatile Span *spans)
{
    begins(spans);
    unsigned long long id = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x;
    unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;
    for (unsigned long long i = id; i < count; i += step)
        words[i] = word;
    ends(spans);
}

// Moves what a graph's look gave to where this launch of the graph keeps it, and clears it for the next launch. It is
// captured behind the look: enqueued behind the launch, it would not be ordered before a launch on another stream.
extern "C" __global__ void take(Slot *from, Slot *launches)
{
    launches[from->taken++] = *from;
    from->first = from->last = from->looks = 0;
    from->sum = 0;
}

// Keeps its stream busy until the host raises the flag, or until the patience ends: every hold ends by itself.
extern "C" __global__ void hold_until(const volatile unsigned *flag, unsigned long long nanoseconds,
                                      volatile Span *spans)
{
    unsigned long long start = now(), time;
    begins(spans);
    do {
        __nanosleep(500);
        time = now();
    } while (*flag == 0 && time - start < nanoseconds);
    ends(spans);
}

// Tells how the device's clock stands to the host's: in each round the host raises the word, and the device answers
// with its time, which lies between the host's two. The first answer is the clock's tick. Ends by itself.
extern "C" __global__ void clock_trip(const volatile unsigned *word, volatile unsigned long long *answers,
                                      unsigned rounds, unsigned long long nanoseconds)
{
    unsigned long long start = now(), last = start, tick = ~0ull;
    for (unsigned ticks = 0; ticks < 8 && last - start < 20000; ) {
        unsigned long long time = now();
        if (time == last)
            continue;
        tick = time - last < tick ? time - last : tick;
        last = time;
        ++ticks;
    }
    answers[0] = tick;
    for (unsigned round = 1; round <= rounds; ++round) {
        while (*word < round)
            if (now() - start > nanoseconds)
                return;
        answers[round] = now();
    }
}
