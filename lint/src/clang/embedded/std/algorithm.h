// <algorithm>, <numeric>, <execution>, <random>, <ranges> (light). The first iterator of an output is
// written, inputs are read; overloads with an execution policy come first in the argument list.
#pragma once
#pragma clang system_header
#include "functional.h"

#if defined(__CUDA__)
#pragma clang force_cuda_host_device begin
#endif

namespace std {
template <class T> constexpr const T &min(const T &a, const T &b) { return b < a ? b : a; }
template <class T> constexpr const T &max(const T &a, const T &b) { return a < b ? b : a; }
template <class T, class C> constexpr const T &min(const T &a, const T &b, C compare) { return compare(b, a) ? b : a; }
template <class T, class C> constexpr const T &max(const T &a, const T &b, C compare) { return compare(a, b) ? b : a; }
template <class T> constexpr T min(initializer_list<T> values) { return *values.begin(); }
template <class T> constexpr T max(initializer_list<T> values) { return *values.begin(); }
template <class T> pair<const T &, const T &> minmax(const T &a, const T &b);
template <class T> pair<T, T> minmax(initializer_list<T> values);
template <class T> constexpr const T &clamp(const T &v, const T &low, const T &high) { return v < low ? low : high < v ? high : v; }
template <class A, class B> constexpr common_type_t<A, B> gcd(A a, B b) { return b == 0 ? a : std::gcd(b, a % b); }
template <class A, class B> constexpr common_type_t<A, B> lcm(A a, B b) { return a / std::gcd(a, b) * b; }
template <class T> T midpoint(T a, T b);

// execution policies
namespace execution {
struct sequenced_policy {};
struct parallel_policy {};
struct parallel_unsequenced_policy {};
inline constexpr sequenced_policy seq{};
inline constexpr parallel_policy par{};
inline constexpr parallel_unsequenced_policy par_unseq{};
} // namespace execution
template <class P> struct __if_policy {};
template <> struct __if_policy<execution::sequenced_policy> { using type = void; };
template <> struct __if_policy<execution::parallel_policy> { using type = void; };
template <> struct __if_policy<execution::parallel_unsequenced_policy> { using type = void; };
template <class P> using __policy = typename __if_policy<remove_cvref_t<P>>::type;

// Each algorithm, and the same with a leading execution policy.
#define __EMB_ALGORITHM(result, name, parameters, ...)                                   \
  template <__VA_ARGS__> result name parameters;                                         \
  template <class Policy, __VA_ARGS__, class = __policy<Policy>> result name(Policy &&policy, __EMB_STRIP parameters);
#define __EMB_STRIP(...) __VA_ARGS__
__EMB_ALGORITHM(bool, all_of, (I first, I last, P predicate), class I, class P)
__EMB_ALGORITHM(bool, any_of, (I first, I last, P predicate), class I, class P)
__EMB_ALGORITHM(bool, none_of, (I first, I last, P predicate), class I, class P)
__EMB_ALGORITHM(F, for_each, (I first, I last, F callee), class I, class F)
__EMB_ALGORITHM(I, for_each_n, (I first, N n, F callee), class I, class N, class F)
__EMB_ALGORITHM(I, find, (I first, I last, const T &value), class I, class T)
__EMB_ALGORITHM(I, find_if, (I first, I last, P predicate), class I, class P)
__EMB_ALGORITHM(I, find_if_not, (I first, I last, P predicate), class I, class P)
__EMB_ALGORITHM(typename iterator_traits<I>::difference_type, count, (I first, I last, const T &value), class I, class T)
__EMB_ALGORITHM(typename iterator_traits<I>::difference_type, count_if, (I first, I last, P predicate), class I, class P)
__EMB_ALGORITHM(O, copy, (I first, I last, O out), class I, class O)
__EMB_ALGORITHM(O, copy_n, (I first, N n, O out), class I, class N, class O)
__EMB_ALGORITHM(O, copy_if, (I first, I last, O out, P predicate), class I, class O, class P)
__EMB_ALGORITHM(O, transform, (I first, I last, O out, F callee), class I, class O, class F)
__EMB_ALGORITHM(O, transform, (I first, I last, J second, O out, F callee), class I, class J, class O, class F)
__EMB_ALGORITHM(void, fill, (I first, I last, const T &value), class I, class T)
__EMB_ALGORITHM(I, fill_n, (I first, N n, const T &value), class I, class N, class T)
__EMB_ALGORITHM(void, generate, (I first, I last, G generator), class I, class G)
__EMB_ALGORITHM(I, generate_n, (I first, N n, G generator), class I, class N, class G)
__EMB_ALGORITHM(void, sort, (I first, I last), class I)
__EMB_ALGORITHM(void, sort, (I first, I last, C compare), class I, class C)
__EMB_ALGORITHM(void, stable_sort, (I first, I last), class I)
__EMB_ALGORITHM(void, stable_sort, (I first, I last, C compare), class I, class C)
__EMB_ALGORITHM(I, max_element, (I first, I last), class I)
__EMB_ALGORITHM(I, max_element, (I first, I last, C compare), class I, class C)
__EMB_ALGORITHM(I, min_element, (I first, I last), class I)
__EMB_ALGORITHM(I, min_element, (I first, I last, C compare), class I, class C)
__EMB_ALGORITHM(typename iterator_traits<I>::value_type, reduce, (I first, I last), class I)
__EMB_ALGORITHM(T, reduce, (I first, I last, T init), class I, class T)
__EMB_ALGORITHM(T, reduce, (I first, I last, T init, F callee), class I, class T, class F)
__EMB_ALGORITHM(T, transform_reduce, (I first, I last, J second, T init), class I, class J, class T)
__EMB_ALGORITHM(T, transform_reduce, (I first, I last, T init, F reduce, G transform), class I, class T, class F, class G)
__EMB_ALGORITHM(T, transform_reduce, (I first, I last, J second, T init, F reduce, G transform), class I, class J, class T, class F, class G)
__EMB_ALGORITHM(O, inclusive_scan, (I first, I last, O out), class I, class O)
__EMB_ALGORITHM(O, exclusive_scan, (I first, I last, O out, T init), class I, class O, class T)
template <class I, class J> bool equal(I first, I last, J second);
template <class I, class J> bool equal(I first, I last, J second, J second_last);
template <class I, class J, class P> bool equal(I first, I last, J second, P predicate);
template <class I, class J> pair<I, J> mismatch(I first, I last, J second);
template <class I, class J, class P> pair<I, J> mismatch(I first, I last, J second, P predicate);
template <class I, class J> bool lexicographical_compare(I first, I last, J second, J second_last);
template <class I, class J> I search(I first, I last, J second, J second_last);
template <class I> I adjacent_find(I first, I last);
template <class I, class P> I adjacent_find(I first, I last, P predicate);
template <class I, class J> I find_first_of(I first, I last, J second, J second_last);
template <class I, class O> O copy_backward(I first, I last, O out);
template <class I, class O> O move(I first, I last, O out);
template <class I, class O> O move_backward(I first, I last, O out);
template <class I, class J> J swap_ranges(I first, I last, J second);
template <class I, class J> void iter_swap(I a, J b);
template <class I, class T> I remove(I first, I last, const T &value);
template <class I, class P> I remove_if(I first, I last, P predicate);
template <class I, class O, class P> O remove_copy_if(I first, I last, O out, P predicate);
template <class I, class T> void replace(I first, I last, const T &old, const T &value);
template <class I, class P, class T> void replace_if(I first, I last, P predicate, const T &value);
template <class I> I unique(I first, I last);
template <class I, class P> I unique(I first, I last, P predicate);
template <class I, class O> O unique_copy(I first, I last, O out);
template <class I> void reverse(I first, I last);
template <class I, class O> O reverse_copy(I first, I last, O out);
template <class I> I rotate(I first, I middle, I last);
template <class I, class G> void shuffle(I first, I last, G &&generator);
template <class I> void random_shuffle(I first, I last);
template <class I, class G> void random_shuffle(I first, I last, G &&generator);
template <class I, class O, class N, class G> O sample(I first, I last, O out, N n, G &&generator);
template <class I, class P> I partition(I first, I last, P predicate);
template <class I, class P> I stable_partition(I first, I last, P predicate);
template <class I, class P> I partition_point(I first, I last, P predicate);
template <class I> void partial_sort(I first, I middle, I last);
template <class I, class C> void partial_sort(I first, I middle, I last, C compare);
template <class I, class O> O partial_sort_copy(I first, I last, O out, O out_last);
template <class I> bool is_sorted(I first, I last);
template <class I, class C> bool is_sorted(I first, I last, C compare);
template <class I> I is_sorted_until(I first, I last);
template <class I> void nth_element(I first, I nth, I last);
template <class I, class C> void nth_element(I first, I nth, I last, C compare);
template <class I, class T> I lower_bound(I first, I last, const T &value);
template <class I, class T, class C> I lower_bound(I first, I last, const T &value, C compare);
template <class I, class T> I upper_bound(I first, I last, const T &value);
template <class I, class T, class C> I upper_bound(I first, I last, const T &value, C compare);
template <class I, class T> pair<I, I> equal_range(I first, I last, const T &value);
template <class I, class T> bool binary_search(I first, I last, const T &value);
template <class I, class T, class C> bool binary_search(I first, I last, const T &value, C compare);
template <class I, class J, class O> O merge(I first, I last, J second, J second_last, O out);
template <class I, class J, class O, class C> O merge(I first, I last, J second, J second_last, O out, C compare);
template <class I> void inplace_merge(I first, I middle, I last);
template <class I, class J> bool includes(I first, I last, J second, J second_last);
template <class I, class J, class O> O set_union(I first, I last, J second, J second_last, O out);
template <class I, class J, class O> O set_intersection(I first, I last, J second, J second_last, O out);
template <class I, class J, class O> O set_difference(I first, I last, J second, J second_last, O out);
template <class I, class J, class O> O set_symmetric_difference(I first, I last, J second, J second_last, O out);
template <class I> void push_heap(I first, I last);
template <class I> void pop_heap(I first, I last);
template <class I> void make_heap(I first, I last);
template <class I> void sort_heap(I first, I last);
template <class I, class C> void push_heap(I first, I last, C compare);
template <class I, class C> void pop_heap(I first, I last, C compare);
template <class I, class C> void make_heap(I first, I last, C compare);
template <class I> pair<I, I> minmax_element(I first, I last);
template <class I> bool next_permutation(I first, I last);
template <class I> bool prev_permutation(I first, I last);
template <class I, class J> bool is_permutation(I first, I last, J second);

// numeric
template <class I, class T> T accumulate(I first, I last, T init);
template <class I, class T, class F> T accumulate(I first, I last, T init, F callee);
template <class I, class J, class T> T inner_product(I first, I last, J second, T init);
template <class I, class J, class T, class F, class G> T inner_product(I first, I last, J second, T init, F outer, G inner);
template <class I, class O> O partial_sum(I first, I last, O out);
template <class I, class O, class F> O partial_sum(I first, I last, O out, F callee);
template <class I, class O> O adjacent_difference(I first, I last, O out);
template <class I, class T> void iota(I first, I last, T value);
template <class I, class O, class F> O inclusive_scan(I first, I last, O out, F callee);
template <class I, class O, class T, class F> O exclusive_scan(I first, I last, O out, T init, F callee);

// ranges (light): the algorithms over a whole range
namespace ranges {
template <class R> void sort(R &&range);
template <class R, class C> void sort(R &&range, C compare);
template <class R, class T> void fill(R &&range, const T &value);
template <class R, class F> void for_each(R &&range, F callee);
template <class R, class O> void copy(R &&range, O out);
template <class R, class O, class F> void transform(R &&range, O out, F callee);
template <class R, class T> auto find(R &&range, const T &value) -> decltype(range.begin());
template <class R, class P> auto find_if(R &&range, P predicate) -> decltype(range.begin());
template <class R, class P> bool all_of(R &&range, P predicate);
template <class R, class P> bool any_of(R &&range, P predicate);
template <class R> auto max_element(R &&range) -> decltype(range.begin());
template <class R> auto min_element(R &&range) -> decltype(range.begin());
template <class R, class T> void iota(R &&range, T value);
template <class T> struct iota_view {
  using iterator = __random_iterator<const T>;
  iterator begin() const;
  iterator end() const;
};
namespace views {
template <class T> iota_view<T> iota(T first, T last);
template <class T> iota_view<T> iota(T first);
} // namespace views
} // namespace ranges
namespace views = ranges::views;

// random
class seed_seq {
public:
  seed_seq() noexcept;
  seed_seq(initializer_list<unsigned> values);
  template <class I> seed_seq(I first, I last);
};
#define __EMB_ENGINE(name, T)                        \
  class name {                                       \
  public:                                            \
    using result_type = T;                           \
    static constexpr T default_seed = 1;             \
    name();                                          \
    explicit name(T seed);                           \
    explicit name(seed_seq &seed);                   \
    void seed(T value = 1);                          \
    void seed(seed_seq &value);                      \
    T operator()();                                  \
    void discard(unsigned long long n);              \
    static constexpr T min() { return 0; }           \
    static constexpr T max() { return static_cast<T>(-1); }       \
  };                                                 \
  bool operator==(const name &a, const name &b);
__EMB_ENGINE(mt19937, unsigned int)
__EMB_ENGINE(mt19937_64, unsigned long)
__EMB_ENGINE(minstd_rand, unsigned int)
__EMB_ENGINE(minstd_rand0, unsigned int)
__EMB_ENGINE(ranlux24, unsigned int)
__EMB_ENGINE(ranlux48, unsigned long)
__EMB_ENGINE(knuth_b, unsigned int)
using default_random_engine = minstd_rand0;
class random_device {
public:
  using result_type = unsigned int;
  random_device();
  explicit random_device(const string &token);
  unsigned int operator()();
  double entropy() const noexcept;
  static constexpr unsigned int min() { return 0; }
  static constexpr unsigned int max() { return ~0u; }
};
#define __EMB_DISTRIBUTION(name, D, P)                                      \
  template <class T = D> class name {                                       \
  public:                                                                   \
    using result_type = T;                                                  \
    struct param_type {                                                     \
      param_type();                                                         \
      explicit param_type(P a);                                             \
      param_type(P a, P b);                                                 \
    };                                                                      \
    name();                                                                 \
    explicit name(P a);                                                     \
    name(P a, P b);                                                         \
    explicit name(const param_type &parameters);                            \
    template <class G> T operator()(G &generator);                          \
    template <class G> T operator()(G &generator, const param_type &parameters); \
    void reset();                                                           \
    void param(const param_type &parameters);                               \
    T min() const;                                                          \
    T max() const;                                                          \
    T a() const;                                                            \
    T b() const;                                                            \
    T mean() const;                                                         \
    T stddev() const;                                                       \
  };
__EMB_DISTRIBUTION(uniform_int_distribution, int, T)
__EMB_DISTRIBUTION(uniform_real_distribution, double, T)
__EMB_DISTRIBUTION(normal_distribution, double, T)
__EMB_DISTRIBUTION(lognormal_distribution, double, T)
__EMB_DISTRIBUTION(exponential_distribution, double, T)
__EMB_DISTRIBUTION(gamma_distribution, double, T)
__EMB_DISTRIBUTION(cauchy_distribution, double, T)
__EMB_DISTRIBUTION(poisson_distribution, int, double)
__EMB_DISTRIBUTION(geometric_distribution, int, double)
__EMB_DISTRIBUTION(binomial_distribution, int, double)
class bernoulli_distribution {
public:
  using result_type = bool;
  explicit bernoulli_distribution(double p = 0.5);
  template <class G> bool operator()(G &generator);
};
template <class T = int> class discrete_distribution {
public:
  discrete_distribution();
  template <class I> discrete_distribution(I first, I last);
  discrete_distribution(initializer_list<double> weights);
  template <class G> T operator()(G &generator);
};
template <class T, size_t bits, class G> T generate_canonical(G &generator);
} // namespace std

#if defined(__CUDA__)
#pragma clang force_cuda_host_device end
#endif
