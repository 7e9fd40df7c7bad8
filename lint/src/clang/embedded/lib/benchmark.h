// google benchmark (light).
#pragma once
#pragma clang system_header
#include "std/all.h"

namespace benchmark {
enum TimeUnit { kNanosecond, kMicrosecond, kMillisecond, kSecond };
class Counter {
public:
  Counter(double value = 0, int flags = 0);
  Counter &operator=(double value);
  Counter &operator+=(double value);
};
class State {
public:
  struct __value {
    ~__value();
  };
  struct iterator {
    bool operator!=(const iterator &other) const;
    iterator &operator++();
    __value operator*() const;
  };
  iterator begin();
  iterator end();
  bool KeepRunning();
  void PauseTiming();
  void ResumeTiming();
  void SetIterationTime(double seconds);
  void SetBytesProcessed(long bytes);
  void SetItemsProcessed(long items);
  void SetLabel(const std::string &text);
  void SkipWithError(const char *text);
  long range(size_t index = 0) const;
  size_t iterations() const;
  int thread_index() const;
  std::map<std::string, Counter> counters;
};
namespace internal {
class Benchmark {
public:
  template <class... A> Benchmark *Apply(A &&...args);
  template <class... A> Benchmark *Arg(A &&...args);
  template <class... A> Benchmark *Args(A &&...args);
  Benchmark *ArgsProduct(const std::vector<std::vector<long>> &args);
  Benchmark *Range(long begin, long end);
  Benchmark *RangeMultiplier(int factor);
  Benchmark *Ranges(const std::vector<std::pair<long, long>> &ranges);
  Benchmark *Unit(TimeUnit unit);
  Benchmark *Iterations(long n);
  Benchmark *Repetitions(int n);
  Benchmark *UseManualTime();
  Benchmark *UseRealTime();
  Benchmark *MinTime(double seconds);
  Benchmark *Threads(int n);
  Benchmark *Name(const std::string &name);
};
} // namespace internal
class Fixture {
public:
  virtual ~Fixture();
  virtual void SetUp(const State &state);
  virtual void TearDown(const State &state);
  virtual void SetUp(State &state);
  virtual void TearDown(State &state);
};
template <class F, class... A> internal::Benchmark *RegisterBenchmark(const std::string &name, F &&callee, A &&...args);
void Initialize(int *argc, char **argv);
size_t RunSpecifiedBenchmarks();
void Shutdown();
template <class T> void DoNotOptimize(T &&value);
void ClobberMemory();
} // namespace benchmark
#define __EMB_JOIN_(a, b) a##b
#define __EMB_JOIN(a, b) __EMB_JOIN_(a, b)
#define BENCHMARK(function) static ::benchmark::internal::Benchmark *__EMB_JOIN(__emb_benchmark_, __LINE__) = ::benchmark::RegisterBenchmark(#function, function)
#define BENCHMARK_TEMPLATE(function, ...) static ::benchmark::internal::Benchmark *__EMB_JOIN(__emb_benchmark_, __LINE__) = ::benchmark::RegisterBenchmark(#function, function<__VA_ARGS__>)
#define BENCHMARK_CAPTURE(function, name, ...) static ::benchmark::internal::Benchmark *__EMB_JOIN(__emb_benchmark_, __LINE__) = ::benchmark::RegisterBenchmark(#function, [](::benchmark::State &state) { function(state, __VA_ARGS__); })
#define BENCHMARK_DEFINE_F(fixture, name)            \
  class fixture##_##name##_Benchmark : public fixture { \
  public:                                            \
    void BenchmarkCase(::benchmark::State &state);   \
  };                                                 \
  void fixture##_##name##_Benchmark::BenchmarkCase
#define BENCHMARK_REGISTER_F(fixture, name) static ::benchmark::internal::Benchmark *__EMB_JOIN(__emb_benchmark_, __LINE__) = (::benchmark::internal::Benchmark *)nullptr
#define BENCHMARK_MAIN() int main(int argc, char **argv)
