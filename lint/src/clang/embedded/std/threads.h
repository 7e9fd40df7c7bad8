// <thread>, <mutex>, <shared_mutex>, <condition_variable>, <future>, <atomic>, <barrier>, <latch>,
// <semaphore>, <stop_token>: concurrency.
#pragma once
#pragma clang system_header
#include "chrono.h"
#include "functional.h"

namespace std {
// atomic
enum memory_order { memory_order_relaxed, memory_order_consume, memory_order_acquire, memory_order_release, memory_order_acq_rel, memory_order_seq_cst };
#define __EMB_ORDER_DEFAULT memory_order order = memory_order_seq_cst
template <class T> struct __atomic_base {
  using value_type = T;
  static constexpr bool is_always_lock_free = true;
  constexpr __atomic_base() noexcept : __value() {}
  constexpr __atomic_base(T value) noexcept : __value(value) {}
  __atomic_base(const __atomic_base &) = delete;
  T load(__EMB_ORDER_DEFAULT) const noexcept;
  void store(T value, __EMB_ORDER_DEFAULT) noexcept;
  T exchange(T value, __EMB_ORDER_DEFAULT) noexcept;
  bool compare_exchange_weak(T &expected, T value, __EMB_ORDER_DEFAULT) noexcept;
  bool compare_exchange_weak(T &expected, T value, memory_order success, memory_order failure) noexcept;
  bool compare_exchange_strong(T &expected, T value, __EMB_ORDER_DEFAULT) noexcept;
  bool compare_exchange_strong(T &expected, T value, memory_order success, memory_order failure) noexcept;
  operator T() const noexcept;
  bool is_lock_free() const noexcept;
  void wait(T old, __EMB_ORDER_DEFAULT) const noexcept;
  void notify_one() noexcept;
  void notify_all() noexcept;

private:
  T __value;
};
template <class T> struct atomic : __atomic_base<T> {
  constexpr atomic() noexcept = default;
  constexpr atomic(T value) noexcept : __atomic_base<T>(value) {}
  T operator=(T value) noexcept;
  template <class N> T fetch_add(N n, __EMB_ORDER_DEFAULT) noexcept;
  template <class N> T fetch_sub(N n, __EMB_ORDER_DEFAULT) noexcept;
  template <class N> T fetch_and(N n, __EMB_ORDER_DEFAULT) noexcept;
  template <class N> T fetch_or(N n, __EMB_ORDER_DEFAULT) noexcept;
  template <class N> T fetch_xor(N n, __EMB_ORDER_DEFAULT) noexcept;
  T operator++() noexcept;
  T operator++(int) noexcept;
  T operator--() noexcept;
  T operator--(int) noexcept;
  template <class N> T operator+=(N n) noexcept;
  template <class N> T operator-=(N n) noexcept;
  template <class N> T operator&=(N n) noexcept;
  template <class N> T operator|=(N n) noexcept;
};
template <class T> struct atomic_ref : atomic<T> {
  explicit atomic_ref(T &value);
};
using atomic_bool = atomic<bool>;
using atomic_char = atomic<char>;
using atomic_int = atomic<int>;
using atomic_uint = atomic<unsigned int>;
using atomic_long = atomic<long>;
using atomic_ulong = atomic<unsigned long>;
using atomic_llong = atomic<long long>;
using atomic_ullong = atomic<unsigned long long>;
using atomic_size_t = atomic<size_t>;
using atomic_ptrdiff_t = atomic<ptrdiff_t>;
using atomic_int32_t = atomic<int32_t>;
using atomic_uint32_t = atomic<uint32_t>;
using atomic_int64_t = atomic<int64_t>;
using atomic_uint64_t = atomic<uint64_t>;
struct atomic_flag {
  constexpr atomic_flag(bool = false) noexcept {}
  bool test_and_set(__EMB_ORDER_DEFAULT) noexcept;
  bool test(__EMB_ORDER_DEFAULT) const noexcept;
  void clear(__EMB_ORDER_DEFAULT) noexcept;
  void wait(bool old) const noexcept;
  void notify_all() noexcept;
};
#define ATOMIC_FLAG_INIT {false}
#define ATOMIC_VAR_INIT(value) (value)
void atomic_thread_fence(memory_order order) noexcept;
void atomic_signal_fence(memory_order order) noexcept;
template <class T> T atomic_load(const atomic<T> *object) noexcept;
template <class T> void atomic_store(atomic<T> *object, type_identity_t<T> value) noexcept;
template <class T> shared_ptr<T> atomic_load(const shared_ptr<T> *object) noexcept;
template <class T> void atomic_store(shared_ptr<T> *object, shared_ptr<T> value) noexcept;

// thread
class thread {
public:
  class id {};
  using native_handle_type = unsigned long;
  thread() noexcept;
  template <class F, class... A, class = enable_if_t<!is_same<remove_cvref_t<F>, thread>::value>> explicit thread(F &&callee, A &&...args);
  thread(const thread &) = delete;
  thread(thread &&other) noexcept;
  ~thread();
  thread &operator=(thread &&other) noexcept;
  void join();
  void detach();
  bool joinable() const noexcept;
  id get_id() const noexcept;
  native_handle_type native_handle();
  void swap(thread &other) noexcept;
  static unsigned hardware_concurrency() noexcept;
};
bool operator==(thread::id a, thread::id b) noexcept;
bool operator!=(thread::id a, thread::id b) noexcept;
bool operator<(thread::id a, thread::id b) noexcept;
template <class C, class R> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, thread::id value);
class stop_token {
public:
  bool stop_requested() const noexcept;
  bool stop_possible() const noexcept;
};
class stop_source {
public:
  stop_source();
  stop_token get_token() const noexcept;
  bool request_stop() noexcept;
};
class jthread : public thread {
public:
  jthread() noexcept;
  template <class F, class... A, class = enable_if_t<!is_same<remove_cvref_t<F>, jthread>::value>> explicit jthread(F &&callee, A &&...args);
  jthread(jthread &&other) noexcept;
  ~jthread();
  jthread &operator=(jthread &&other) noexcept;
  bool request_stop() noexcept;
  stop_token get_stop_token() const noexcept;
};
namespace this_thread {
thread::id get_id() noexcept;
void yield() noexcept;
template <class R, class P> void sleep_for(const chrono::duration<R, P> &time);
template <class C, class D> void sleep_until(const chrono::time_point<C, D> &time);
} // namespace this_thread

// mutexes and locks
#define __EMB_LOCKABLE(name)               \
  constexpr name() noexcept {}             \
  name(const name &) = delete;             \
  ~name();                                 \
  void lock();                             \
  bool try_lock();                         \
  void unlock();                           \
  void *native_handle();
#define __EMB_TIMED                                                                        \
  template <class R, class P> bool try_lock_for(const chrono::duration<R, P> &time);       \
  template <class C, class D> bool try_lock_until(const chrono::time_point<C, D> &time);
#define __EMB_SHARED            \
  void lock_shared();           \
  bool try_lock_shared();       \
  void unlock_shared();
class mutex {
public:
  __EMB_LOCKABLE(mutex)
};
class recursive_mutex {
public:
  __EMB_LOCKABLE(recursive_mutex)
};
class timed_mutex {
public:
  __EMB_LOCKABLE(timed_mutex)
  __EMB_TIMED
};
class recursive_timed_mutex {
public:
  __EMB_LOCKABLE(recursive_timed_mutex)
  __EMB_TIMED
};
class shared_mutex {
public:
  __EMB_LOCKABLE(shared_mutex)
  __EMB_SHARED
};
class shared_timed_mutex {
public:
  __EMB_LOCKABLE(shared_timed_mutex)
  __EMB_TIMED
  __EMB_SHARED
};
struct defer_lock_t {};
struct try_to_lock_t {};
struct adopt_lock_t {};
inline constexpr defer_lock_t defer_lock{};
inline constexpr try_to_lock_t try_to_lock{};
inline constexpr adopt_lock_t adopt_lock{};
template <class M> class lock_guard {
public:
  using mutex_type = M;
  explicit lock_guard(M &mutex);
  lock_guard(M &mutex, adopt_lock_t);
  lock_guard(const lock_guard &) = delete;
  ~lock_guard();
};
template <class... M> class scoped_lock {
public:
  explicit scoped_lock(M &...mutexes);
  scoped_lock(const scoped_lock &) = delete;
  ~scoped_lock();
};
#define __EMB_MOVABLE_LOCK(name)                                                          \
  template <class M> class name {                                                         \
  public:                                                                                 \
    using mutex_type = M;                                                                 \
    name() noexcept;                                                                      \
    explicit name(M &mutex);                                                              \
    name(M &mutex, defer_lock_t) noexcept;                                                \
    name(M &mutex, try_to_lock_t);                                                        \
    name(M &mutex, adopt_lock_t);                                                         \
    name(name &&other) noexcept;                                                          \
    ~name();                                                                              \
    name &operator=(name &&other) noexcept;                                               \
    void lock();                                                                          \
    bool try_lock();                                                                      \
    template <class R, class P> bool try_lock_for(const chrono::duration<R, P> &time);    \
    void unlock();                                                                        \
    M *release() noexcept;                                                                \
    M *mutex() const noexcept;                                                            \
    bool owns_lock() const noexcept;                                                      \
    explicit operator bool() const noexcept;                                              \
  };
__EMB_MOVABLE_LOCK(unique_lock)
__EMB_MOVABLE_LOCK(shared_lock)
template <class... M> void lock(M &...mutexes);
struct once_flag {
  constexpr once_flag() noexcept {}
  once_flag(const once_flag &) = delete;
};
template <class F, class... A> void call_once(once_flag &flag, F &&callee, A &&...args);

enum class cv_status { no_timeout, timeout };
#define __EMB_CONDITION(name, L, T)                                                                          \
  class name {                                                                                               \
  public:                                                                                                    \
    name();                                                                                                  \
    name(const name &) = delete;                                                                             \
    ~name();                                                                                                 \
    void notify_one() noexcept;                                                                              \
    void notify_all() noexcept;                                                                              \
    template <class X> void wait(X &lock);                                                                   \
    template <class X, class P> void wait(X &lock, P predicate);                                             \
    template <class X, class R, class Q> cv_status wait_for(X &lock, const chrono::duration<R, Q> &time);    \
    template <class X, class R, class Q, class P> bool wait_for(X &lock, const chrono::duration<R, Q> &time, P predicate); \
    template <class X, class C, class D> cv_status wait_until(X &lock, const chrono::time_point<C, D> &time); \
    template <class X, class C, class D, class P> bool wait_until(X &lock, const chrono::time_point<C, D> &time, P predicate); \
  };
__EMB_CONDITION(condition_variable, , )
__EMB_CONDITION(condition_variable_any, , )

// future
enum class future_status { ready, timeout, deferred };
enum class launch { async = 1, deferred = 2 };
constexpr launch operator|(launch a, launch b) { return launch(int(a) | int(b)); }
enum class future_errc { broken_promise = 1 };
class future_error : public logic_error {
public:
  explicit future_error(future_errc code);
};
template <class T> class shared_future;
template <class T> class future {
public:
  future() noexcept;
  future(future &&other) noexcept;
  future(const future &) = delete;
  ~future();
  future &operator=(future &&other) noexcept;
  T get();
  bool valid() const noexcept;
  void wait() const;
  template <class R, class P> future_status wait_for(const chrono::duration<R, P> &time) const;
  template <class C, class D> future_status wait_until(const chrono::time_point<C, D> &time) const;
  shared_future<T> share() noexcept;
};
template <class T> class shared_future {
public:
  shared_future() noexcept;
  shared_future(const shared_future &other) noexcept;
  shared_future(future<T> &&other) noexcept;
  ~shared_future();
  shared_future &operator=(const shared_future &other) noexcept;
  add_lvalue_reference_t<const T> get() const;
  bool valid() const noexcept;
  void wait() const;
  template <class R, class P> future_status wait_for(const chrono::duration<R, P> &time) const;
};
template <class T> class promise {
public:
  promise();
  promise(promise &&other) noexcept;
  ~promise();
  promise &operator=(promise &&other) noexcept;
  future<T> get_future();
  void set_value();
  template <class U> void set_value(U &&value);
  void set_exception(exception_ptr error);
};
template <class S> class packaged_task;
template <class R, class... A> class packaged_task<R(A...)> {
public:
  packaged_task() noexcept;
  template <class F, class = enable_if_t<!is_same<remove_cvref_t<F>, packaged_task>::value>> explicit packaged_task(F &&callee);
  packaged_task(packaged_task &&other) noexcept;
  ~packaged_task();
  packaged_task &operator=(packaged_task &&other) noexcept;
  future<R> get_future();
  void operator()(A... args);
  bool valid() const noexcept;
  void reset();
};
template <class F, class... A, class = enable_if_t<!is_same<remove_cvref_t<F>, launch>::value>> future<invoke_result_t<decay_t<F>, decay_t<A>...>> async(F &&callee, A &&...args);
template <class F, class... A> future<invoke_result_t<decay_t<F>, decay_t<A>...>> async(launch policy, F &&callee, A &&...args);

// barrier, latch, semaphore
template <class F = identity> class barrier {
public:
  explicit barrier(ptrdiff_t count, F completion = F());
  ~barrier();
  void arrive_and_wait();
  void arrive_and_drop();
  long arrive(ptrdiff_t n = 1);
  void wait(long &&token) const;
};
class latch {
public:
  explicit latch(ptrdiff_t count);
  ~latch();
  void count_down(ptrdiff_t n = 1);
  void arrive_and_wait(ptrdiff_t n = 1);
  bool try_wait() const noexcept;
  void wait() const;
};
template <ptrdiff_t most = 0x7fffffff> class counting_semaphore {
public:
  explicit counting_semaphore(ptrdiff_t count);
  ~counting_semaphore();
  void release(ptrdiff_t n = 1);
  void acquire();
  bool try_acquire() noexcept;
  template <class R, class P> bool try_acquire_for(const chrono::duration<R, P> &time);
};
using binary_semaphore = counting_semaphore<1>;
} // namespace std
