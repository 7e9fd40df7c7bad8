// Thrust: vectors, pointers, iterators, function objects, execution policies. Algorithms: thrust_algorithms.h.
// A policy such as `thrust::cuda::par.on(stream)` is an object that carries its stream.
#pragma once
#pragma clang system_header
#include "std/all.h"
#include "cuda/device.h"

#define THRUST_VERSION 200800
#define THRUST_MAJOR_VERSION 2
#define THRUST_MINOR_VERSION 8
#define THRUST_SUBMINOR_VERSION 0
#define THRUST_NAMESPACE_BEGIN namespace thrust {
#define THRUST_NAMESPACE_END }

#if defined(__CUDA__)
#pragma clang force_cuda_host_device begin
#endif
namespace thrust {
using std::pair;
using std::make_pair;
using std::tuple;
using std::make_tuple;
using std::tie;
using std::get;
using std::tuple_element;
using std::tuple_size;
using std::complex;
using std::random_access_iterator_tag;
template <class I> struct iterator_traits : std::iterator_traits<I> {};
template <class I> struct iterator_value { using type = typename std::iterator_traits<I>::value_type; };
template <class I> struct iterator_difference { using type = ptrdiff_t; };
template <class I> using iterator_value_t = typename std::iterator_traits<I>::value_type;

// execution policies
template <class D> struct execution_policy {};
namespace system {
class system_error : public std::runtime_error {
public:
  explicit system_error(const std::string &what);
};
struct cuda_policy : execution_policy<cuda_policy> {
  cuda_policy on(cudaStream_t stream) const;
  template <class A> cuda_policy operator()(const A &allocator) const;
};
namespace cuda {
inline constexpr cuda_policy par{};
inline constexpr cuda_policy par_nosync{};
template <class D> using execution_policy = thrust::execution_policy<D>;
using tag = cuda_policy;
} // namespace cuda
struct host_policy : execution_policy<host_policy> {};
namespace omp {
inline constexpr host_policy par{};
}
namespace tbb {
inline constexpr host_policy par{};
}
namespace cpp {
inline constexpr host_policy par{};
}
} // namespace system
namespace cuda = system::cuda;
namespace omp = system::omp;
namespace cuda_cub {
using system::cuda_policy;
}
using system::system_error;
using host_system_tag = system::host_policy;
using device_system_tag = system::cuda_policy;
inline constexpr system::host_policy seq{};
inline constexpr system::host_policy host{};
inline constexpr system::cuda_policy device{};

// device_reference, device_ptr: a dereference on the host is a blocking copy
template <class T> class device_ptr;
template <class T> class device_reference {
public:
  using value_type = std::remove_cv_t<T>;
  template <class U> device_reference(const device_reference<U> &other);
  device_reference(const device_reference &other);
  operator value_type() const;
  device_reference &operator=(const value_type &value);
  device_reference &operator=(const device_reference &other);
  device_ptr<T> operator&() const;
  device_reference &operator+=(const value_type &value);
  device_reference &operator-=(const value_type &value);
  device_reference &operator*=(const value_type &value);
  device_reference &operator/=(const value_type &value);
  device_reference &operator++();
  value_type operator++(int);
  device_reference &operator--();
};
template <class T> class device_ptr {
public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = std::remove_cv_t<T>;
  using element_type = T;
  using difference_type = ptrdiff_t;
  using pointer = device_ptr;
  using reference = device_reference<T>;
  __EMB_HD device_ptr();
  __EMB_HD device_ptr(std::nullptr_t);
  __EMB_HD explicit device_ptr(T *raw);
  template <class U, class = std::enable_if_t<std::is_convertible<U *, T *>::value>> __EMB_HD device_ptr(const device_ptr<U> &other);
  __EMB_HD T *get() const;
  __EMB_HD device_reference<T> operator*() const;
  __EMB_HD device_reference<T> operator[](ptrdiff_t i) const;
  __EMB_HD T *operator->() const;
  __EMB_HD device_ptr &operator++();
  __EMB_HD device_ptr operator++(int);
  __EMB_HD device_ptr &operator--();
  __EMB_HD device_ptr &operator+=(ptrdiff_t n);
  __EMB_HD device_ptr &operator-=(ptrdiff_t n);
  __EMB_HD device_ptr operator+(ptrdiff_t n) const;
  __EMB_HD device_ptr operator-(ptrdiff_t n) const;
  __EMB_HD explicit operator bool() const;
};
template <> class device_ptr<void> {
public:
  __EMB_HD device_ptr();
  __EMB_HD explicit device_ptr(void *raw);
  template <class U> __EMB_HD device_ptr(const device_ptr<U> &other);
  __EMB_HD void *get() const;
};
template <class T, class U> __EMB_HD ptrdiff_t operator-(const device_ptr<T> &a, const device_ptr<U> &b);
template <class T, class U> __EMB_HD bool operator==(const device_ptr<T> &a, const device_ptr<U> &b);
template <class T, class U> __EMB_HD bool operator!=(const device_ptr<T> &a, const device_ptr<U> &b);
template <class T, class U> __EMB_HD bool operator<(const device_ptr<T> &a, const device_ptr<U> &b);
template <class T> __EMB_HD device_ptr<T> device_pointer_cast(T *raw);
template <class T> __EMB_HD device_ptr<T> device_pointer_cast(const device_ptr<T> &pointer);
template <class T> __EMB_HD T *raw_pointer_cast(T *pointer);
template <class T> __EMB_HD T *raw_pointer_cast(const device_ptr<T> &pointer);
template <class T> __EMB_HD T &raw_reference_cast(T &reference);
template <class T> __EMB_HD T &raw_reference_cast(const device_reference<T> &reference);
template <class T> device_ptr<T> device_malloc(size_t count);
device_ptr<void> device_malloc(size_t bytes);
template <class T> device_ptr<T> device_new(size_t count = 1);
void device_free(device_ptr<void> pointer);
template <class T> void device_free(device_ptr<T> pointer);
template <class T> void device_delete(device_ptr<T> pointer, size_t count = 1);

// allocators
template <class T> struct device_allocator {
  using value_type = T;
  using pointer = device_ptr<T>;
  using size_type = size_t;
  device_ptr<T> allocate(size_t count);
  void deallocate(device_ptr<T> pointer, size_t count);
};
template <class T> using device_malloc_allocator = device_allocator<T>;
template <class T> struct universal_allocator : std::allocator<T> {};
namespace cuda_cub {
template <class T> struct universal_host_pinned_allocator : std::allocator<T> {};
}
namespace system {
namespace cuda {
template <class T> struct universal_host_pinned_memory_allocator : std::allocator<T> {};
namespace experimental {
template <class T> struct pinned_allocator : std::allocator<T> {};
} // namespace experimental
} // namespace cuda
} // namespace system
namespace mr {
template <class T, class M> struct stateless_resource_allocator : std::allocator<T> {};
} // namespace mr

// vectors
template <class T, class A> class device_vector;
#define __EMB_VECTOR(name, reference_, const_reference_, iterator_, const_iterator_, pointer_, const_pointer_) \
  public:                                                                  \
    using value_type = T;                                                  \
    using size_type = size_t;                                              \
    using difference_type = ptrdiff_t;                                     \
    using allocator_type = A;                                              \
    using reference = reference_;                                          \
    using const_reference = const_reference_;                              \
    using iterator = iterator_;                                            \
    using const_iterator = const_iterator_;                                \
    using pointer = pointer_;                                              \
    using const_pointer = const_pointer_;                                  \
    name();                                                                \
    explicit name(const A &allocator);                                     \
    explicit name(size_t count);                                           \
    name(size_t count, const T &value);                                    \
    name(size_t count, const T &value, const A &allocator);                \
    name(std::initializer_list<T> values);                                 \
    name(const name &other);                                               \
    name(name &&other) noexcept;                                           \
    template <class U, class B> name(const std::vector<U, B> &other);      \
    template <class I, class = std::__if_iterator<I>> name(I first, I last); \
    ~name();                                                               \
    name &operator=(const name &other);                                    \
    name &operator=(name &&other) noexcept;                                \
    name &operator=(std::initializer_list<T> values);                      \
    template <class U, class B> name &operator=(const std::vector<U, B> &other); \
    reference operator[](size_t i);                                        \
    const_reference operator[](size_t i) const;                            \
    reference front();                                                     \
    const_reference front() const;                                         \
    reference back();                                                      \
    const_reference back() const;                                          \
    pointer data();                                                        \
    const_pointer data() const;                                            \
    iterator begin();                                                      \
    const_iterator begin() const;                                          \
    iterator end();                                                        \
    const_iterator end() const;                                            \
    const_iterator cbegin() const;                                         \
    const_iterator cend() const;                                           \
    std::reverse_iterator<iterator> rbegin();                              \
    std::reverse_iterator<iterator> rend();                                \
    size_t size() const;                                                   \
    size_t capacity() const;                                               \
    bool empty() const;                                                    \
    void resize(size_t count);                                             \
    void resize(size_t count, const T &value);                             \
    void reserve(size_t count);                                            \
    void shrink_to_fit();                                                  \
    void clear();                                                          \
    void push_back(const T &value);                                        \
    void pop_back();                                                       \
    void assign(size_t count, const T &value);                             \
    template <class I, class = std::__if_iterator<I>> void assign(I first, I last); \
    iterator insert(iterator at, const T &value);                          \
    template <class I, class = std::__if_iterator<I>> void insert(iterator at, I first, I last); \
    iterator erase(iterator at);                                           \
    iterator erase(iterator first, iterator last);                         \
    void swap(name &other);                                                \
    A get_allocator() const;
template <class T, class A = std::allocator<T>> class host_vector {
  __EMB_VECTOR(host_vector, T &, const T &, T *, const T *, T *, const T *)
  template <class B> host_vector(const device_vector<T, B> &other);
  template <class B> host_vector &operator=(const device_vector<T, B> &other);
};
template <class T, class A = device_allocator<T>> class device_vector {
  __EMB_VECTOR(device_vector, device_reference<T>, device_reference<const T>, device_ptr<T>, device_ptr<const T>, device_ptr<T>, device_ptr<const T>)
  template <class B> device_vector(const host_vector<T, B> &other);
  template <class U, class B> device_vector(const device_vector<U, B> &other);
  template <class B> device_vector &operator=(const host_vector<T, B> &other);
};
template <class T, class A = universal_allocator<T>> class universal_vector {
  __EMB_VECTOR(universal_vector, T &, const T &, T *, const T *, T *, const T *)
};
template <class T> using universal_host_pinned_vector = universal_vector<T>;
template <class T, class A> bool operator==(const host_vector<T, A> &a, const host_vector<T, A> &b);
template <class T, class A> bool operator!=(const host_vector<T, A> &a, const host_vector<T, A> &b);
template <class T, class A, class B> bool operator==(const host_vector<T, A> &a, const device_vector<T, B> &b);
template <class T, class A, class B> bool operator==(const device_vector<T, A> &a, const host_vector<T, B> &b);
template <class T, class A> bool operator==(const device_vector<T, A> &a, const device_vector<T, A> &b);
template <class T, class A> bool operator!=(const device_vector<T, A> &a, const device_vector<T, A> &b);

// iterators
#define __EMB_FANCY_ITERATOR(name, value, ref)                             \
  using iterator_category = std::random_access_iterator_tag;               \
  using value_type = value;                                                \
  using difference_type = ptrdiff_t;                                       \
  using pointer = const value *;                                           \
  using reference = ref;                                                   \
  __EMB_HD reference operator*() const;                                    \
  __EMB_HD reference operator[](ptrdiff_t i) const;                        \
  __EMB_HD name &operator++();                                             \
  __EMB_HD name operator++(int);                                           \
  __EMB_HD name &operator--();                                             \
  __EMB_HD name &operator+=(ptrdiff_t n);                                  \
  __EMB_HD name operator+(ptrdiff_t n) const;                              \
  __EMB_HD name operator-(ptrdiff_t n) const;                              \
  __EMB_HD ptrdiff_t operator-(const name &other) const;                   \
  __EMB_HD bool operator==(const name &other) const;                       \
  __EMB_HD bool operator!=(const name &other) const;                       \
  __EMB_HD bool operator<(const name &other) const;
template <class T, class S = void, class C = void, class D = ptrdiff_t> struct counting_iterator {
  __EMB_FANCY_ITERATOR(counting_iterator, T, T)
  __EMB_HD counting_iterator();
  __EMB_HD explicit counting_iterator(T value);
};
template <class T, class S = void> struct constant_iterator {
  __EMB_FANCY_ITERATOR(constant_iterator, T, T)
  __EMB_HD constant_iterator(const T &value);
};
struct discard_iterator {
  struct sink {
    template <class T> sink &operator=(const T &value);
  };
  __EMB_FANCY_ITERATOR(discard_iterator, sink, sink)
};
template <class F, class I, class R = void, class V = void> struct transform_iterator {
  using __result = std::decay_t<std::invoke_result_t<F, typename std::iterator_traits<I>::reference>>;
  __EMB_FANCY_ITERATOR(transform_iterator, __result, __result)
  __EMB_HD transform_iterator(I base, F callee);
  __EMB_HD I base() const;
};
template <class E, class I> struct permutation_iterator {
  using __value = typename std::iterator_traits<E>::value_type;
  using __reference = typename std::iterator_traits<E>::reference;
  __EMB_FANCY_ITERATOR(permutation_iterator, __value, __reference)
  __EMB_HD permutation_iterator(E elements, I indices);
};
template <class T> struct zip_iterator;
template <class... I> struct zip_iterator<std::tuple<I...>> {
  using __value = std::tuple<typename std::iterator_traits<I>::value_type...>;
  using __reference = std::tuple<typename std::iterator_traits<I>::reference...>;
  __EMB_FANCY_ITERATOR(zip_iterator, __value, __reference)
  __EMB_HD zip_iterator(const std::tuple<I...> &iterators);
  const std::tuple<I...> &get_iterator_tuple() const;
};
template <class T> __EMB_HD counting_iterator<T> make_counting_iterator(T value);
template <class T> __EMB_HD constant_iterator<T> make_constant_iterator(T value);
template <class I, class F> __EMB_HD transform_iterator<F, I> make_transform_iterator(I base, F callee);
template <class I, class F> __EMB_HD I make_transform_output_iterator(I base, F callee);
template <class E, class I> __EMB_HD permutation_iterator<E, I> make_permutation_iterator(E elements, I indices);
template <class... I> __EMB_HD zip_iterator<std::tuple<I...>> make_zip_iterator(std::tuple<I...> iterators);
template <class... I> __EMB_HD zip_iterator<std::tuple<I...>> make_zip_iterator(I... iterators);
template <class I> __EMB_HD std::reverse_iterator<I> make_reverse_iterator(I base);
template <class I> using reverse_iterator = std::reverse_iterator<I>;
template <class F> struct zip_function { F f; template <class T> __EMB_HD int operator()(T &&t) const; };
template <class F> zip_function<F> make_zip_function(F callee);
__EMB_HD inline discard_iterator make_discard_iterator(ptrdiff_t = 0) { return discard_iterator(); }
template <class I> ptrdiff_t distance(I first, I last);
template <class I, class N> void advance(I &it, N n);
template <class I> I next(I it, ptrdiff_t n = 1);

// function objects
using std::plus;
using std::minus;
using std::multiplies;
using std::divides;
using std::modulus;
using std::negate;
using std::equal_to;
using std::not_equal_to;
using std::less;
using std::less_equal;
using std::greater;
using std::greater_equal;
using std::logical_and;
using std::logical_or;
using std::logical_not;
using std::bit_and;
using std::bit_or;
using std::bit_xor;
using std::unary_function;
using std::binary_function;
template <class T = void> struct square {
  __EMB_HD T operator()(const T &a) const;
};
template <class T = void> struct maximum {
  __EMB_HD T operator()(const T &a, const T &b) const;
};
template <class T = void> struct minimum {
  __EMB_HD T operator()(const T &a, const T &b) const;
};
template <> struct maximum<void> {
  template <class T> __EMB_HD T operator()(const T &a, const T &b) const;
};
template <> struct minimum<void> {
  template <class T> __EMB_HD T operator()(const T &a, const T &b) const;
};
template <class T = void> struct identity {
  __EMB_HD const T &operator()(const T &a) const;
};
template <class F> F not1(F predicate);
namespace placeholders {
struct __placeholder {};
extern const __placeholder _1, _2, _3;
struct __expression {
  template <class... T> __EMB_HD int operator()(T &&...args) const;
};
#define __EMB_PLACEHOLDER_OP(op)                                             \
  template <class T> __expression operator op(__placeholder a, const T &b);  \
  template <class T> __expression operator op(__expression a, const T &b);   \
  template <class T> __expression operator op(const T &a, __placeholder b);
__EMB_PLACEHOLDER_OP(+)
__EMB_PLACEHOLDER_OP(*)
__EMB_PLACEHOLDER_OP(-)
__EMB_PLACEHOLDER_OP(<)
__EMB_PLACEHOLDER_OP(>)
__EMB_PLACEHOLDER_OP(%)
} // namespace placeholders

// random numbers
using std::normal_distribution;
using std::uniform_int_distribution;
using std::uniform_real_distribution;
using std::default_random_engine;
using std::minstd_rand;
namespace random {
using std::normal_distribution;
using std::uniform_int_distribution;
using std::uniform_real_distribution;
using std::default_random_engine;
using std::minstd_rand;
} // namespace random
template <class C, class R, class T> std::basic_ostream<C, R> &operator<<(std::basic_ostream<C, R> &stream, const device_reference<T> &value);
template <class T, class A, class B> bool operator==(const host_vector<T, A> &a, const std::vector<T, B> &b);
template <class T, class A, class B> bool operator==(const std::vector<T, A> &a, const host_vector<T, B> &b);
template <class T, class A, class B> bool operator==(const device_vector<T, A> &a, const std::vector<T, B> &b);
} // namespace thrust
#if defined(__CUDA__)
#pragma clang force_cuda_host_device end
#endif
#include "lib/thrust_algorithms.h"
