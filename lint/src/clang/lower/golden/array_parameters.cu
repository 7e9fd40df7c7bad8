// A parameter that is declared as an array is a pointer, and so is what is computed with it; a reference to an array
// is its place.
typedef float *Pair[2];
void take(const float *of[2]);

void reads(float *p[2], int n[], float m[][4], Pair pair, Pair &whole, bool first) {
    cudaFree(p[1]);
    cudaFree(*p);
    float *row = *m;
    float *next = m[1];
    float **second = p + 1;
    p++;
    float *either = *(first ? p : pair);
    cudaFree(whole[0]);
    if (n) {
        take(const_cast<const float **>(p));
    }
}

template <class T>
void instance(T *p[2]) {
    cudaFree(p[0]);
}

void calls(float *given[2]) {
    float *own[2];
    const float *constant[2];
    instance(own);
    instance(given);
    take(constant);
    auto closure = [](float *q[2]) { cudaFree(q[0]); };
    closure(own);
}
