// <chrono>: durations with exact periods, clocks, time points, the `ms`/`s` literals.
#pragma once
#pragma clang system_header
#include "type_traits.h"

namespace std {
namespace chrono {
template <class R, class P = ratio<1>> class duration;
template <class T> struct __is_duration : false_type {};
template <class R, class P> struct __is_duration<duration<R, P>> : true_type {};
template <class R, class P> class duration {
public:
  using rep = R;
  using period = P;
  constexpr duration() : __ticks() {}
  template <class N, class = enable_if_t<is_convertible<N, R>::value>> constexpr explicit duration(const N &n) : __ticks(n) {}
  template <class N, class Q> constexpr duration(const duration<N, Q> &other) : __ticks(other.count() * (Q::num * P::den) / (Q::den * P::num)) {}
  constexpr R count() const { return __ticks; }
  constexpr duration operator+() const { return *this; }
  constexpr duration operator-() const { return duration(-__ticks); }
  duration &operator++();
  duration operator++(int);
  duration &operator+=(const duration &other);
  duration &operator-=(const duration &other);
  duration &operator*=(const R &factor);
  duration &operator/=(const R &divisor);
  static constexpr duration zero() noexcept { return duration(); }
  static constexpr duration min() noexcept { return duration(numeric_limits<R>::lowest()); }
  static constexpr duration max() noexcept { return duration(numeric_limits<R>::max()); }

private:
  R __ticks;
};
// The finer of two periods, and the type both durations convert to.
template <class P, class Q> using __finer = conditional_t<(P::num * Q::den < Q::num * P::den), P, Q>;
template <class R, class P, class S, class Q> using __common = duration<common_type_t<R, S>, __finer<P, Q>>;
template <class R, class P, class S, class Q> constexpr __common<R, P, S, Q> operator+(const duration<R, P> &a, const duration<S, Q> &b) {
  return __common<R, P, S, Q>(__common<R, P, S, Q>(a).count() + __common<R, P, S, Q>(b).count());
}
template <class R, class P, class S, class Q> constexpr __common<R, P, S, Q> operator-(const duration<R, P> &a, const duration<S, Q> &b) {
  return __common<R, P, S, Q>(__common<R, P, S, Q>(a).count() - __common<R, P, S, Q>(b).count());
}
template <class R, class P, class N, class = enable_if_t<is_arithmetic<N>::value>>
constexpr duration<common_type_t<R, N>, P> operator*(const duration<R, P> &a, const N &n) {
  return duration<common_type_t<R, N>, P>(a.count() * n);
}
template <class R, class P, class N, class = enable_if_t<is_arithmetic<N>::value>>
constexpr duration<common_type_t<R, N>, P> operator*(const N &n, const duration<R, P> &a) {
  return duration<common_type_t<R, N>, P>(a.count() * n);
}
template <class R, class P, class N, class = enable_if_t<is_arithmetic<N>::value>>
constexpr duration<common_type_t<R, N>, P> operator/(const duration<R, P> &a, const N &n) {
  return duration<common_type_t<R, N>, P>(a.count() / n);
}
template <class R, class P, class S, class Q> common_type_t<R, S> operator/(const duration<R, P> &a, const duration<S, Q> &b);
template <class R, class P, class S, class Q> __common<R, P, S, Q> operator%(const duration<R, P> &a, const duration<S, Q> &b);
#define __EMB_DURATION_COMPARE(op) \
  template <class R, class P, class S, class Q> bool operator op(const duration<R, P> &a, const duration<S, Q> &b);
__EMB_DURATION_COMPARE(==)
__EMB_DURATION_COMPARE(!=)
__EMB_DURATION_COMPARE(<)
__EMB_DURATION_COMPARE(>)
__EMB_DURATION_COMPARE(<=)
__EMB_DURATION_COMPARE(>=)
using nanoseconds = duration<long, nano>;
using microseconds = duration<long, micro>;
using milliseconds = duration<long, milli>;
using seconds = duration<long>;
using minutes = duration<long, ratio<60>>;
using hours = duration<long, ratio<3600>>;
using days = duration<long, ratio<86400>>;
template <class D, class R, class P> constexpr D duration_cast(const duration<R, P> &value) { return D(value); }
template <class D, class R, class P> D floor(const duration<R, P> &value);
template <class D, class R, class P> D ceil(const duration<R, P> &value);
template <class D, class R, class P> D round(const duration<R, P> &value);

template <class C, class D = typename C::duration> class time_point {
public:
  using clock = C;
  using duration = D;
  using rep = typename D::rep;
  using period = typename D::period;
  constexpr time_point() {}
  explicit time_point(const D &since_epoch);
  template <class E> time_point(const time_point<C, E> &other);
  D time_since_epoch() const;
  time_point &operator+=(const D &d);
  time_point &operator-=(const D &d);
  static time_point min() noexcept;
  static time_point max() noexcept;
};
template <class C, class D, class R, class P> time_point<C, __common<typename D::rep, typename D::period, R, P>> operator+(const time_point<C, D> &t, const duration<R, P> &d);
template <class C, class D, class R, class P> time_point<C, __common<typename D::rep, typename D::period, R, P>> operator-(const time_point<C, D> &t, const duration<R, P> &d);
template <class C, class D, class E> __common<typename D::rep, typename D::period, typename E::rep, typename E::period> operator-(const time_point<C, D> &a, const time_point<C, E> &b);
#define __EMB_TIME_COMPARE(op) \
  template <class C, class D, class E> bool operator op(const time_point<C, D> &a, const time_point<C, E> &b);
__EMB_TIME_COMPARE(==)
__EMB_TIME_COMPARE(!=)
__EMB_TIME_COMPARE(<)
__EMB_TIME_COMPARE(>)
__EMB_TIME_COMPARE(<=)
__EMB_TIME_COMPARE(>=)
template <class D, class C, class E> time_point<C, D> time_point_cast(const time_point<C, E> &t);

#define __EMB_CLOCK(name)                              \
  using duration = nanoseconds;                        \
  using rep = long;                                    \
  using period = nano;                                 \
  using time_point = chrono::time_point<name>;         \
  static constexpr bool is_steady = true;              \
  static time_point now() noexcept;
struct system_clock {
  __EMB_CLOCK(system_clock)
  static time_t to_time_t(const time_point &t) noexcept;
  static time_point from_time_t(time_t t) noexcept;
};
struct steady_clock {
  __EMB_CLOCK(steady_clock)
};
using high_resolution_clock = system_clock;
template <class D> using sys_time = time_point<system_clock, D>;
using sys_days = sys_time<days>;
using sys_seconds = sys_time<seconds>;
} // namespace chrono
inline namespace literals {
inline namespace chrono_literals {
constexpr chrono::nanoseconds operator""ns(unsigned long long n) { return chrono::nanoseconds(n); }
constexpr chrono::microseconds operator""us(unsigned long long n) { return chrono::microseconds(n); }
constexpr chrono::milliseconds operator""ms(unsigned long long n) { return chrono::milliseconds(n); }
constexpr chrono::seconds operator""s(unsigned long long n) { return chrono::seconds(n); }
constexpr chrono::minutes operator""min(unsigned long long n) { return chrono::minutes(n); }
constexpr chrono::hours operator""h(unsigned long long n) { return chrono::hours(n); }
}
} // namespace literals
namespace chrono {
using namespace literals::chrono_literals;
}
} // namespace std
