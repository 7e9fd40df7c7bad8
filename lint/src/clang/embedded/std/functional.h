// <functional>, <optional>, <variant>, <any>, <complex>, <numbers>: function objects and values.
#pragma once
#pragma clang system_header
#include "strings.h"
#include "maps.h"

namespace std {
// function
template <class S> class function;
class bad_function_call : public exception {};
template <class V, class R, class F, class... A> struct __callable : false_type {};
template <class R, class F, class... A>
struct __callable<void_t<invoke_result_t<F, A...>>, R, F, A...>
    : bool_constant<is_void<R>::value || is_convertible<invoke_result_t<F, A...>, R>::value> {};
template <class R, class... A> class function<R(A...)> {
public:
  using result_type = R;
  function() noexcept;
  function(nullptr_t) noexcept;
  function(const function &other);
  function(function &&other) noexcept;
  template <class F, class = enable_if_t<!is_same<remove_cvref_t<F>, function>::value && __callable<void, R, F &, A...>::value>> function(F &&callee);
  ~function();
  function &operator=(const function &other);
  function &operator=(function &&other) noexcept;
  function &operator=(nullptr_t) noexcept;
  template <class F, class = enable_if_t<!is_same<remove_cvref_t<F>, function>::value>> function &operator=(F &&callee);
  R operator()(A... args) const;
  explicit operator bool() const noexcept;
  void swap(function &other) noexcept;
  template <class T> T *target() noexcept;
};
template <class R, class... A> bool operator==(const function<R(A...)> &f, nullptr_t) noexcept;
template <class R, class... A> bool operator!=(const function<R(A...)> &f, nullptr_t) noexcept;
#if defined(__cpp_deduction_guides)
template <class R, class... A> function(R (*)(A...)) -> function<R(A...)>;
#endif
template <class S> using move_only_function = function<S>;

template <class T> class reference_wrapper {
public:
  using type = T;
  reference_wrapper(T &value) noexcept;
  operator T &() const noexcept;
  T &get() const noexcept;
  template <class... A> auto operator()(A &&...args) const -> decltype(declval<T &>()(declval<A>()...));
};
template <class T> reference_wrapper<T> ref(T &value) noexcept;
template <class T> reference_wrapper<const T> cref(const T &value) noexcept;
template <class F, class... A> invoke_result_t<F, A...> invoke(F &&callee, A &&...args);
template <int n> struct __placeholder {};
namespace placeholders {
extern const __placeholder<1> _1;
extern const __placeholder<2> _2;
extern const __placeholder<3> _3;
extern const __placeholder<4> _4;
extern const __placeholder<5> _5;
extern const __placeholder<6> _6;
} // namespace placeholders
// The result of bind converts to every function type that returns what the callee returns.
template <class F> struct __bind_result { using type = void; };
template <class R, class... A> struct __bind_result<R (*)(A...)> { using type = R; };
template <class R, class C, class... A> struct __bind_result<R (C::*)(A...)> { using type = R; };
template <class R, class C, class... A> struct __bind_result<R (C::*)(A...) const> { using type = R; };
template <class F, class... A> struct __binder {
  template <class... X> typename __bind_result<decay_t<F>>::type operator()(X &&...args) const;
};
template <class F, class... A> __binder<F, A...> bind(F &&callee, A &&...args);
template <class F, class... A> __binder<F, A...> bind_front(F &&callee, A &&...args);
template <class R, class C> struct __member_function {
  template <class O, class... A> auto operator()(O &&object, A &&...args) const -> invoke_result_t<R C::*, O, A...>;
};
template <class R, class C> __member_function<R, C> mem_fn(R C::*member);
template <class A, class R> struct unary_function {
  using argument_type = A;
  using result_type = R;
};
template <class A, class B, class R> struct binary_function {
  using first_argument_type = A;
  using second_argument_type = B;
  using result_type = R;
};

// operators as objects
#define __EMB_BINARY_OP(name, op, result)                                                            \
  template <class T = void> struct name {                                                            \
    __EMB_HD constexpr result operator()(const T &a, const T &b) const { return a op b; }            \
  };                                                                                                 \
  template <> struct name<void> {                                                                    \
    template <class A, class B> __EMB_HD constexpr auto operator()(A &&a, B &&b) const -> decltype(a op b) { return a op b; } \
  };
#define __EMB_COMPARE_OP(name, op)                                                                   \
  template <class T> struct name {                                                                   \
    __EMB_HD constexpr bool operator()(const T &a, const T &b) const { return a op b; }              \
  };                                                                                                 \
  template <> struct name<void> {                                                                    \
    template <class A, class B> __EMB_HD constexpr bool operator()(A &&a, B &&b) const { return a op b; } \
  };
__EMB_BINARY_OP(plus, +, T)
__EMB_BINARY_OP(minus, -, T)
__EMB_BINARY_OP(multiplies, *, T)
__EMB_BINARY_OP(divides, /, T)
__EMB_BINARY_OP(modulus, %, T)
__EMB_BINARY_OP(bit_and, &, T)
__EMB_BINARY_OP(bit_or, |, T)
__EMB_BINARY_OP(bit_xor, ^, T)
__EMB_BINARY_OP(logical_and, &&, bool)
__EMB_BINARY_OP(logical_or, ||, bool)
template <class T = void> struct greater;
template <class T = void> struct not_equal_to;
template <class T = void> struct less_equal;
template <class T = void> struct greater_equal;
__EMB_COMPARE_OP(less, <)
__EMB_COMPARE_OP(equal_to, ==)
__EMB_COMPARE_OP(greater, >)
__EMB_COMPARE_OP(not_equal_to, !=)
__EMB_COMPARE_OP(less_equal, <=)
__EMB_COMPARE_OP(greater_equal, >=)
template <class T = void> struct negate {
  __EMB_HD constexpr T operator()(const T &a) const { return -a; }
};
template <class T = void> struct logical_not {
  __EMB_HD constexpr bool operator()(const T &a) const { return !a; }
};
struct identity {
  template <class T> constexpr T &&operator()(T &&value) const noexcept { return static_cast<T &&>(value); }
};
template <class T> struct hash {
  size_t operator()(const T &value) const noexcept;
};

// optional
struct nullopt_t {
  constexpr explicit nullopt_t(int) {}
};
inline constexpr nullopt_t nullopt{0};
class bad_optional_access : public exception {};
template <class T> class optional {
public:
  using value_type = T;
  constexpr optional() noexcept {}
  constexpr optional(nullopt_t) noexcept {}
  optional(const optional &other);
  optional(optional &&other) noexcept;
  template <class U = T, class = enable_if_t<is_constructible<T, U &&>::value && !is_same<remove_cvref_t<U>, optional>::value>> optional(U &&value);
  template <class U> optional(const optional<U> &other);
  template <class... A> explicit optional(in_place_t, A &&...args);
  ~optional();
  optional &operator=(nullopt_t) noexcept;
  optional &operator=(const optional &other);
  optional &operator=(optional &&other) noexcept;
  template <class U = T, class = enable_if_t<!is_same<remove_cvref_t<U>, optional>::value>> optional &operator=(U &&value);
  T *operator->() noexcept;
  const T *operator->() const noexcept;
  T &operator*() &noexcept;
  const T &operator*() const &noexcept;
  T &&operator*() &&noexcept;
  explicit operator bool() const noexcept;
  bool has_value() const noexcept;
  T &value() &;
  const T &value() const &;
  T &&value() &&;
  template <class U> T value_or(U &&other) const;
  template <class... A> T &emplace(A &&...args);
  void reset() noexcept;
  void swap(optional &other) noexcept;
};
template <class T> optional<decay_t<T>> make_optional(T &&value);
template <class T, class... A> optional<T> make_optional(A &&...args);
template <class T, class U> bool operator==(const optional<T> &a, const optional<U> &b);
template <class T, class U> bool operator!=(const optional<T> &a, const optional<U> &b);
template <class T> bool operator==(const optional<T> &a, nullopt_t) noexcept;
template <class T> bool operator!=(const optional<T> &a, nullopt_t) noexcept;
template <class T, class U, class = enable_if_t<is_convertible<U, T>::value>> bool operator==(const optional<T> &a, const U &b);
template <class T, class U, class = enable_if_t<is_convertible<U, T>::value>> bool operator!=(const optional<T> &a, const U &b);

// expected (light)
template <class E> struct unexpected {
  explicit unexpected(E error);
};
template <class T, class E> class expected {
public:
  expected(const T &value);
  expected(T &&value);
  expected(unexpected<E> error);
  ~expected();
  explicit operator bool() const noexcept;
  bool has_value() const noexcept;
  T &value();
  const T &value() const;
  T &operator*();
  T *operator->();
  E &error();
  const E &error() const;
};

// variant
struct monostate {};
class bad_variant_access : public exception {};
inline constexpr size_t variant_npos = ~size_t(0);
template <class... T> class variant {
public:
  variant() noexcept;
  variant(const variant &other);
  variant(variant &&other) noexcept;
  template <class U, class = enable_if_t<!is_same<remove_cvref_t<U>, variant>::value>> variant(U &&value);
  template <class U, class... A> explicit variant(in_place_type_t<U>, A &&...args);
  ~variant();
  variant &operator=(const variant &other);
  variant &operator=(variant &&other) noexcept;
  template <class U, class = enable_if_t<!is_same<remove_cvref_t<U>, variant>::value>> variant &operator=(U &&value);
  template <class U, class... A> U &emplace(A &&...args);
  size_t index() const noexcept;
  bool valueless_by_exception() const noexcept;
};
template <class T> struct variant_size;
template <class... T> struct variant_size<variant<T...>> : integral_constant<size_t, sizeof...(T)> {};
template <size_t i, class T> struct variant_alternative;
template <size_t i, class... T> struct variant_alternative<i, variant<T...>> { using type = __type_pack_element<i, T...>; };
template <size_t i, class T> using variant_alternative_t = typename variant_alternative<i, T>::type;
template <class U, class... T> U &get(variant<T...> &value);
template <class U, class... T> const U &get(const variant<T...> &value);
template <size_t i, class... T> variant_alternative_t<i, variant<T...>> &get(variant<T...> &value);
template <size_t i, class... T> const variant_alternative_t<i, variant<T...>> &get(const variant<T...> &value);
template <class U, class... T> U *get_if(variant<T...> *value) noexcept;
template <class U, class... T> const U *get_if(const variant<T...> *value) noexcept;
template <class U, class... T> bool holds_alternative(const variant<T...> &value) noexcept;
template <class F, class... T> auto __visit1(F &&, const variant<T...> &) -> invoke_result_t<F, __type_pack_element<0, T...> &>;
template <class F, class V> auto visit(F &&callee, V &&value) -> decltype(__visit1(static_cast<F &&>(callee), value));

// any
class bad_any_cast : public bad_cast {};
class any {
public:
  any() noexcept;
  any(const any &other);
  any(any &&other) noexcept;
  template <class T, class = enable_if_t<!is_same<remove_cvref_t<T>, any>::value>> any(T &&value);
  ~any();
  any &operator=(const any &other);
  any &operator=(any &&other) noexcept;
  template <class T, class = enable_if_t<!is_same<remove_cvref_t<T>, any>::value>> any &operator=(T &&value);
  template <class T, class... A> decay_t<T> &emplace(A &&...args);
  void reset() noexcept;
  bool has_value() const noexcept;
  const type_info &type() const noexcept;
};
template <class T> T any_cast(const any &value);
template <class T> T any_cast(any &value);
template <class T> T *any_cast(any *value) noexcept;
template <class T> const T *any_cast(const any *value) noexcept;
class type_index {
public:
  type_index(const type_info &type) noexcept;
  const char *name() const noexcept;
  size_t hash_code() const noexcept;
  bool operator==(const type_index &other) const noexcept;
  bool operator<(const type_index &other) const noexcept;
};

// complex
template <class T> class complex {
public:
  using value_type = T;
  __EMB_HD constexpr complex(const T &r = T(), const T &i = T()) : __re(r), __im(i) {}
  template <class U> __EMB_HD constexpr complex(const complex<U> &other) : __re(other.real()), __im(other.imag()) {}
  __EMB_HD constexpr T real() const { return __re; }
  __EMB_HD constexpr T imag() const { return __im; }
  __EMB_HD void real(T value);
  __EMB_HD void imag(T value);
  __EMB_HD complex &operator=(const T &value);
  template <class U> __EMB_HD complex &operator+=(const U &other);
  template <class U> __EMB_HD complex &operator-=(const U &other);
  template <class U> __EMB_HD complex &operator*=(const U &other);
  template <class U> __EMB_HD complex &operator/=(const U &other);

private:
  T __re, __im;
};
#define __EMB_COMPLEX_OP(op)                                                                   \
  template <class T> __EMB_HD complex<T> operator op(const complex<T> &a, const complex<T> &b); \
  template <class T> __EMB_HD complex<T> operator op(const complex<T> &a, const T &b);          \
  template <class T> __EMB_HD complex<T> operator op(const T &a, const complex<T> &b);
__EMB_COMPLEX_OP(+)
__EMB_COMPLEX_OP(-)
__EMB_COMPLEX_OP(*)
__EMB_COMPLEX_OP(/)
template <class T> __EMB_HD complex<T> operator-(const complex<T> &a);
template <class T> __EMB_HD complex<T> operator+(const complex<T> &a);
template <class T> __EMB_HD bool operator==(const complex<T> &a, const complex<T> &b);
template <class T> __EMB_HD bool operator!=(const complex<T> &a, const complex<T> &b);
template <class T> __EMB_HD bool operator==(const complex<T> &a, const T &b);
template <class T> __EMB_HD T real(const complex<T> &a);
template <class T> __EMB_HD T imag(const complex<T> &a);
template <class T> __EMB_HD T abs(const complex<T> &a);
template <class T> __EMB_HD T arg(const complex<T> &a);
template <class T> __EMB_HD T norm(const complex<T> &a);
template <class T> __EMB_HD complex<T> conj(const complex<T> &a);
template <class T> __EMB_HD complex<T> polar(const T &radius, const T &angle = T());
template <class T> __EMB_HD complex<T> exp(const complex<T> &a);
template <class T> __EMB_HD complex<T> log(const complex<T> &a);
template <class T> __EMB_HD complex<T> sqrt(const complex<T> &a);
template <class T> __EMB_HD complex<T> sin(const complex<T> &a);
template <class T> __EMB_HD complex<T> cos(const complex<T> &a);
template <class T, class U> __EMB_HD complex<T> pow(const complex<T> &a, const U &b);
template <class C, class R> class basic_ostream;
template <class C, class R> class basic_istream;
template <class T, class C, class R> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, const complex<T> &value);
template <class T, class C, class R> basic_istream<C, R> &operator>>(basic_istream<C, R> &stream, complex<T> &value);
#if __cplusplus >= 201402L
inline namespace literals {
inline namespace complex_literals {
constexpr complex<double> operator""i(long double v) { return complex<double>(0, double(v)); }
constexpr complex<float> operator""if(long double v) { return complex<float>(0, float(v)); }
}
} // namespace literals
#endif

namespace numbers {
template <class T> inline constexpr T pi_v = T(3.141592653589793238);
inline constexpr double pi = 3.141592653589793238;
inline constexpr double e = 2.718281828459045235;
inline constexpr double sqrt2 = 1.414213562373095048;
inline constexpr double ln2 = 0.693147180559945309;
inline constexpr double inv_pi = 0.318309886183790671;
} // namespace numbers
} // namespace std
