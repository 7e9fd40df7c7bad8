// <type_traits>, <utility>, <initializer_list>, <limits>, <typeinfo>, <new>, <compare>, <concepts>,
// <bit>, <ratio>, <source_location>: the language support part of the C++ library.
#pragma once
#pragma clang system_header
#include "cstd.h"

#if __cplusplus >= 201402L
#define __EMB_CXX14_CONSTEXPR constexpr
#else
#define __EMB_CXX14_CONSTEXPR inline
#endif
#if __cplusplus >= 202002L
#define __EMB_CXX20_EXPLICIT_BOOL 1
#endif
#define __cpp_lib_optional 201606L
#define __cpp_lib_variant 201606L
#define __cpp_lib_string_view 201606L
#define __cpp_lib_filesystem 201703L

#if defined(__CUDA__)
#pragma clang force_cuda_host_device begin
#endif

namespace std {
class type_info {
public:
  virtual ~type_info();
  const char *name() const noexcept;
  bool before(const type_info &other) const noexcept;
  size_t hash_code() const noexcept;
  bool operator==(const type_info &other) const noexcept;
  bool operator!=(const type_info &other) const noexcept;
};

template <class T> class initializer_list {
  const T *__begin;
  size_t __size;

public:
  using value_type = T;
  using reference = const T &;
  using const_reference = const T &;
  using size_type = size_t;
  using iterator = const T *;
  using const_iterator = const T *;
  constexpr initializer_list() noexcept : __begin(nullptr), __size(0) {}
  constexpr const T *begin() const noexcept { return __begin; }
  constexpr const T *end() const noexcept { return __begin + __size; }
  constexpr size_t size() const noexcept { return __size; }
};

// constants
template <class T, T v> struct integral_constant {
  static constexpr T value = v;
  using value_type = T;
  using type = integral_constant;
  constexpr operator T() const noexcept { return v; }
  constexpr T operator()() const noexcept { return v; }
};
template <bool b> using bool_constant = integral_constant<bool, b>;
using true_type = bool_constant<true>;
using false_type = bool_constant<false>;

// choices
template <bool b, class T = void> struct enable_if {};
template <class T> struct enable_if<true, T> { using type = T; };
template <bool b, class T = void> using enable_if_t = typename enable_if<b, T>::type;
template <bool b, class T, class F> struct conditional { using type = T; };
template <class T, class F> struct conditional<false, T, F> { using type = F; };
template <bool b, class T, class F> using conditional_t = typename conditional<b, T, F>::type;
template <class... T> struct __make_void { using type = void; };
template <class... T> using void_t = typename __make_void<T...>::type;
template <class T> struct type_identity { using type = T; };
template <class T> using type_identity_t = typename type_identity<T>::type;

// modifications
template <class T> struct remove_const { using type = T; };
template <class T> struct remove_const<const T> { using type = T; };
template <class T> struct remove_volatile { using type = T; };
template <class T> struct remove_volatile<volatile T> { using type = T; };
template <class T> struct remove_cv { using type = typename remove_const<typename remove_volatile<T>::type>::type; };
template <class T> struct remove_reference { using type = T; };
template <class T> struct remove_reference<T &> { using type = T; };
template <class T> struct remove_reference<T &&> { using type = T; };
template <class T> struct remove_pointer { using type = T; };
template <class T> struct remove_pointer<T *> { using type = T; };
template <class T> struct remove_pointer<T *const> { using type = T; };
template <class T> struct remove_extent { using type = T; };
template <class T> struct remove_extent<T[]> { using type = T; };
template <class T, size_t n> struct remove_extent<T[n]> { using type = T; };
template <class T> struct remove_all_extents { using type = T; };
template <class T> struct remove_all_extents<T[]> { using type = typename remove_all_extents<T>::type; };
template <class T, size_t n> struct remove_all_extents<T[n]> { using type = typename remove_all_extents<T>::type; };
template <class T> struct remove_cvref { using type = typename remove_cv<typename remove_reference<T>::type>::type; };
template <class T> struct add_const { using type = const T; };
template <class T> struct add_volatile { using type = volatile T; };
template <class T> struct add_cv { using type = const volatile T; };
template <class T, class = void> struct __add_ref {
  using lvalue = T;
  using rvalue = T;
};
template <class T> struct __add_ref<T, void_t<T &>> {
  using lvalue = T &;
  using rvalue = T &&;
};
template <class T> struct add_lvalue_reference { using type = typename __add_ref<T>::lvalue; };
template <class T> struct add_rvalue_reference { using type = typename __add_ref<T>::rvalue; };
template <class T> struct add_pointer { using type = typename remove_reference<T>::type *; };
template <class T> struct decay { using type = __decay(T); };
template <class T> struct underlying_type { using type = __underlying_type(T); };
template <class T> struct make_unsigned { using type = __make_unsigned(T); };
template <class T> struct make_signed { using type = __make_signed(T); };
template <class T> using remove_const_t = typename remove_const<T>::type;
template <class T> using remove_volatile_t = typename remove_volatile<T>::type;
template <class T> using remove_cv_t = typename remove_cv<T>::type;
template <class T> using remove_reference_t = typename remove_reference<T>::type;
template <class T> using remove_pointer_t = typename remove_pointer<T>::type;
template <class T> using remove_extent_t = typename remove_extent<T>::type;
template <class T> using remove_all_extents_t = typename remove_all_extents<T>::type;
template <class T> using remove_cvref_t = typename remove_cvref<T>::type;
template <class T> using add_const_t = typename add_const<T>::type;
template <class T> using add_volatile_t = typename add_volatile<T>::type;
template <class T> using add_cv_t = typename add_cv<T>::type;
template <class T> using add_lvalue_reference_t = typename add_lvalue_reference<T>::type;
template <class T> using add_rvalue_reference_t = typename add_rvalue_reference<T>::type;
template <class T> using add_pointer_t = typename add_pointer<T>::type;
template <class T> using decay_t = typename decay<T>::type;
template <class T> using underlying_type_t = typename underlying_type<T>::type;
template <class T> using make_unsigned_t = typename make_unsigned<T>::type;
template <class T> using make_signed_t = typename make_signed<T>::type;
template <class T> typename add_rvalue_reference<T>::type declval() noexcept;

// predicates: a class and its variable
template <class A, class B> struct is_same : false_type {};
template <class A> struct is_same<A, A> : true_type {};
template <class A, class B> inline constexpr bool is_same_v = false;
template <class A> inline constexpr bool is_same_v<A, A> = true;
#define __EMB_TRAIT1(name, ...)                                              \
  template <class T> struct name : bool_constant<__VA_ARGS__> {};            \
  template <class T> inline constexpr bool name##_v = __VA_ARGS__;
#define __EMB_TRAIT2(name, ...)                                              \
  template <class T, class U> struct name : bool_constant<__VA_ARGS__> {};   \
  template <class T, class U> inline constexpr bool name##_v = __VA_ARGS__;
#define __EMB_TRAITN(name, ...)                                              \
  template <class T, class... A> struct name : bool_constant<__VA_ARGS__> {}; \
  template <class T, class... A> inline constexpr bool name##_v = __VA_ARGS__;
template <class T> struct __is_pointer_to : false_type {};
template <class T> struct __is_pointer_to<T *> : true_type {};
__EMB_TRAIT1(is_void, is_same<typename remove_cv<T>::type, void>::value)
__EMB_TRAIT1(is_null_pointer, is_same<typename remove_cv<T>::type, nullptr_t>::value)
__EMB_TRAIT1(is_integral, __is_integral(T))
__EMB_TRAIT1(is_floating_point, __is_floating_point(T))
__EMB_TRAIT1(is_arithmetic, __is_arithmetic(T))
__EMB_TRAIT1(is_fundamental, __is_fundamental(T))
__EMB_TRAIT1(is_scalar, __is_scalar(T))
__EMB_TRAIT1(is_object, __is_object(T))
__EMB_TRAIT1(is_compound, __is_compound(T))
__EMB_TRAIT1(is_array, __is_array(T))
__EMB_TRAIT1(is_pointer, __is_pointer_to<typename remove_cv<T>::type>::value)
__EMB_TRAIT1(is_reference, __is_reference(T))
__EMB_TRAIT1(is_lvalue_reference, __is_lvalue_reference(T))
__EMB_TRAIT1(is_rvalue_reference, __is_rvalue_reference(T))
__EMB_TRAIT1(is_member_pointer, __is_member_pointer(T))
__EMB_TRAIT1(is_member_function_pointer, __is_member_function_pointer(T))
__EMB_TRAIT1(is_function, __is_function(T))
__EMB_TRAIT1(is_class, __is_class(T))
__EMB_TRAIT1(is_union, __is_union(T))
__EMB_TRAIT1(is_enum, __is_enum(T))
__EMB_TRAIT1(is_const, __is_const(T))
__EMB_TRAIT1(is_volatile, __is_volatile(T))
__EMB_TRAIT1(is_signed, __is_signed(T))
__EMB_TRAIT1(is_unsigned, __is_unsigned(T))
__EMB_TRAIT1(is_empty, __is_empty(T))
__EMB_TRAIT1(is_polymorphic, __is_polymorphic(T))
__EMB_TRAIT1(is_abstract, __is_abstract(T))
__EMB_TRAIT1(is_final, __is_final(T))
__EMB_TRAIT1(is_aggregate, __is_aggregate(T))
__EMB_TRAIT1(is_pod, __is_pod(T))
__EMB_TRAIT1(is_trivial, __is_trivial(T))
__EMB_TRAIT1(is_standard_layout, __is_standard_layout(T))
__EMB_TRAIT1(is_literal_type, __is_literal(T))
__EMB_TRAIT1(is_trivially_copyable, __is_trivially_copyable(T))
__EMB_TRAIT1(is_destructible, true)
__EMB_TRAIT1(is_nothrow_destructible, true)
__EMB_TRAIT1(is_trivially_destructible, __has_trivial_destructor(T))
__EMB_TRAIT1(has_virtual_destructor, __has_virtual_destructor(T))
__EMB_TRAIT1(has_unique_object_representations, __has_unique_object_representations(T))
__EMB_TRAIT1(is_default_constructible, __is_constructible(T))
__EMB_TRAIT1(is_nothrow_default_constructible, __is_nothrow_constructible(T))
__EMB_TRAIT1(is_trivially_default_constructible, __is_trivially_constructible(T))
__EMB_TRAIT1(is_trivially_constructible_from, __is_trivially_constructible(T))
__EMB_TRAIT1(is_copy_constructible, __is_constructible(T, const T &))
__EMB_TRAIT1(is_nothrow_copy_constructible, __is_nothrow_constructible(T, const T &))
__EMB_TRAIT1(is_trivially_copy_constructible, __is_trivially_constructible(T, const T &))
__EMB_TRAIT1(is_move_constructible, __is_constructible(T, T &&))
__EMB_TRAIT1(is_nothrow_move_constructible, __is_nothrow_constructible(T, T &&))
__EMB_TRAIT1(is_trivially_move_constructible, __is_trivially_constructible(T, T &&))
__EMB_TRAIT1(is_copy_assignable, __is_assignable(T &, const T &))
__EMB_TRAIT1(is_nothrow_copy_assignable, __is_nothrow_assignable(T &, const T &))
__EMB_TRAIT1(is_trivially_copy_assignable, __is_trivially_assignable(T &, const T &))
__EMB_TRAIT1(is_move_assignable, __is_assignable(T &, T &&))
__EMB_TRAIT1(is_nothrow_move_assignable, __is_nothrow_assignable(T &, T &&))
__EMB_TRAIT1(is_swappable, true)
__EMB_TRAIT1(is_nothrow_swappable, true)
__EMB_TRAIT2(is_base_of, __is_base_of(T, U))
__EMB_TRAIT2(is_convertible, __is_convertible_to(T, U))
__EMB_TRAIT2(is_assignable, __is_assignable(T, U))
__EMB_TRAIT2(is_nothrow_assignable, __is_nothrow_assignable(T, U))
__EMB_TRAITN(is_constructible, __is_constructible(T, A...))
__EMB_TRAITN(is_nothrow_constructible, __is_nothrow_constructible(T, A...))
__EMB_TRAITN(is_trivially_constructible, __is_trivially_constructible(T, A...))
template <class T> struct rank : integral_constant<size_t, __array_rank(T)> {};
template <class T, unsigned i = 0> struct extent : integral_constant<size_t, __array_extent(T, i)> {};
template <class T> struct alignment_of : integral_constant<size_t, alignof(T)> {};
template <class T> inline constexpr size_t rank_v = __array_rank(T);
template <class T, unsigned i = 0> inline constexpr size_t extent_v = __array_extent(T, i);
template <class T> inline constexpr size_t alignment_of_v = alignof(T);
template <class... B> struct conjunction : true_type {};
template <class B> struct conjunction<B> : B {};
template <class B, class... R> struct conjunction<B, R...> : conditional<bool(B::value), conjunction<R...>, B>::type {};
template <class... B> struct disjunction : false_type {};
template <class B> struct disjunction<B> : B {};
template <class B, class... R> struct disjunction<B, R...> : conditional<bool(B::value), B, disjunction<R...>>::type {};
template <class B> struct negation : bool_constant<!bool(B::value)> {};
template <class... B> inline constexpr bool conjunction_v = conjunction<B...>::value;
template <class... B> inline constexpr bool disjunction_v = disjunction<B...>::value;
template <class B> inline constexpr bool negation_v = !bool(B::value);
constexpr bool is_constant_evaluated() noexcept { return __builtin_is_constant_evaluated(); }

// common_type
template <class... T> struct common_type {};
template <class T> struct common_type<T> { using type = typename decay<T>::type; };
template <class A, class B, class = void> struct __common2 {};
template <class A, class B> struct __common2<A, B, void_t<decltype(false ? declval<A>() : declval<B>())>> {
  using type = typename decay<decltype(false ? declval<A>() : declval<B>())>::type;
};
template <class A, class B> struct common_type<A, B> : __common2<A, B> {};
template <class A, class B, class C, class... R>
struct common_type<A, B, C, R...> : common_type<typename common_type<A, B>::type, C, R...> {};
template <class... T> using common_type_t = typename common_type<T...>::type;

// invoke_result
template <class F, class... A> auto __invoke_test(int) -> decltype(declval<F>()(declval<A>()...));
template <class M, class C, class O, class... A>
auto __invoke_member(M C::*, O &&o, A &&...a) -> decltype((declval<O>().*declval<M C::*>())(declval<A>()...));
template <class M, class C, class O, class... A>
auto __invoke_member(M C::*, O *o, A &&...a) -> decltype((o->*declval<M C::*>())(declval<A>()...));
template <class F, class O, class... A, class = enable_if_t<__is_member_function_pointer(remove_reference_t<F>)>>
auto __invoke_test(long) -> decltype(__invoke_member(declval<F>(), declval<O>(), declval<A>()...));
template <class V, class F, class... A> struct __invoke_result {};
template <class F, class... A> struct __invoke_result<void_t<decltype(__invoke_test<F, A...>(0))>, F, A...> {
  using type = decltype(__invoke_test<F, A...>(0));
};
template <class F, class... A> struct invoke_result : __invoke_result<void, F, A...> {};
template <class F, class... A> using invoke_result_t = typename invoke_result<F, A...>::type;
template <class S> struct result_of;
template <class F, class... A> struct result_of<F(A...)> : invoke_result<F, A...> {};
template <class S> using result_of_t = typename result_of<S>::type;
template <class V, class F, class... A> struct __is_invocable : false_type {};
template <class F, class... A> struct __is_invocable<void_t<invoke_result_t<F, A...>>, F, A...> : true_type {};
template <class F, class... A> struct is_invocable : __is_invocable<void, F, A...> {};
template <class F, class... A> inline constexpr bool is_invocable_v = is_invocable<F, A...>::value;
template <class R, class F, class... A> struct is_invocable_r : is_invocable<F, A...> {};
template <class R, class F, class... A> inline constexpr bool is_invocable_r_v = is_invocable<F, A...>::value;
template <class F, class... A> struct is_nothrow_invocable : is_invocable<F, A...> {};

template <size_t size, size_t align = 16> struct aligned_storage {
  struct type {
    alignas(align) unsigned char __data[size];
  };
};
template <size_t size, size_t align = 16> using aligned_storage_t = typename aligned_storage<size, align>::type;

// utility
template <class T> constexpr remove_reference_t<T> &&move(T &&value) noexcept {
  return static_cast<remove_reference_t<T> &&>(value);
}
template <class T> constexpr T &&forward(remove_reference_t<T> &value) noexcept { return static_cast<T &&>(value); }
template <class T> constexpr T &&forward(remove_reference_t<T> &&value) noexcept { return static_cast<T &&>(value); }
template <class T> constexpr T &&move_if_noexcept(T &value) noexcept { return static_cast<T &&>(value); }
template <class T> constexpr add_const_t<T> &as_const(T &value) noexcept { return value; }
template <class T> void as_const(const T &&) = delete;
template <class T> constexpr T *addressof(T &value) noexcept { return __builtin_addressof(value); }
template <class T> __EMB_CXX14_CONSTEXPR void swap(T &a, T &b) noexcept {
  T old = static_cast<T &&>(a);
  a = static_cast<T &&>(b);
  b = static_cast<T &&>(old);
}
template <class T, size_t n> void swap(T (&a)[n], T (&b)[n]) noexcept;
template <class T, class U = T> __EMB_CXX14_CONSTEXPR T exchange(T &object, U &&value) {
  T old = static_cast<T &&>(object);
  object = static_cast<U &&>(value);
  return old;
}
template <class T> constexpr underlying_type_t<T> to_underlying(T value) noexcept {
  return static_cast<underlying_type_t<T>>(value);
}
template <class T, class U> constexpr bool cmp_equal(T a, U b) noexcept { return a == b; }
template <class T, class U> constexpr bool cmp_less(T a, U b) noexcept { return a < b; }
template <class T, class U> constexpr bool cmp_greater(T a, U b) noexcept { return a > b; }
[[noreturn]] void unreachable();
template <class T> T *launder(T *pointer) noexcept;
template <class T, T... i> struct integer_sequence {
  using value_type = T;
  static constexpr size_t size() noexcept { return sizeof...(i); }
};
template <size_t... i> using index_sequence = integer_sequence<size_t, i...>;
template <class T, T n> using make_integer_sequence = __make_integer_seq<integer_sequence, T, n>;
template <size_t n> using make_index_sequence = make_integer_sequence<size_t, n>;
template <class... T> using index_sequence_for = make_index_sequence<sizeof...(T)>;
struct piecewise_construct_t { explicit piecewise_construct_t() = default; };
struct in_place_t { explicit in_place_t() = default; };
template <class T> struct in_place_type_t { explicit in_place_type_t() = default; };
template <size_t i> struct in_place_index_t { explicit in_place_index_t() = default; };
inline constexpr piecewise_construct_t piecewise_construct{};
inline constexpr in_place_t in_place{};
template <class T> inline constexpr in_place_type_t<T> in_place_type{};
template <size_t i> inline constexpr in_place_index_t<i> in_place_index{};

// byte
enum class byte : unsigned char {};
template <class T> constexpr T to_integer(byte b) noexcept { return T(b); }
constexpr byte operator|(byte a, byte b) noexcept { return byte(static_cast<unsigned char>(a) | static_cast<unsigned char>(b)); }
constexpr byte operator&(byte a, byte b) noexcept { return byte(static_cast<unsigned char>(a) & static_cast<unsigned char>(b)); }
constexpr byte operator^(byte a, byte b) noexcept { return byte(static_cast<unsigned char>(a) ^ static_cast<unsigned char>(b)); }
constexpr byte operator~(byte a) noexcept { return byte(~static_cast<unsigned char>(a)); }

// limits
enum float_round_style { round_indeterminate = -1, round_toward_zero, round_to_nearest, round_toward_infinity, round_toward_neg_infinity };
enum float_denorm_style { denorm_indeterminate = -1, denorm_absent, denorm_present };
template <class T> struct __limits_none {
  static constexpr bool is_specialized = false;
  static constexpr T min() noexcept { return T(); }
  static constexpr T max() noexcept { return T(); }
  static constexpr T lowest() noexcept { return T(); }
  static constexpr T epsilon() noexcept { return T(); }
  static constexpr T infinity() noexcept { return T(); }
  static constexpr T quiet_NaN() noexcept { return T(); }
  static constexpr T denorm_min() noexcept { return T(); }
  static constexpr int digits = 0;
  static constexpr int digits10 = 0;
  static constexpr int max_digits10 = 0;
  static constexpr bool is_signed = false;
  static constexpr bool is_integer = false;
  static constexpr bool is_exact = false;
  static constexpr bool is_iec559 = false;
  static constexpr bool has_infinity = false;
  static constexpr bool has_quiet_NaN = false;
};
template <class T> struct numeric_limits : __limits_none<T> {};
template <class T> struct numeric_limits<const T> : numeric_limits<T> {};
template <class T> struct __limits_int {
  static constexpr bool is_specialized = true;
  static constexpr bool is_signed = T(-1) < T(0);
  static constexpr bool is_integer = true;
  static constexpr bool is_exact = true;
  static constexpr bool is_iec559 = false;
  static constexpr bool is_bounded = true;
  static constexpr bool is_modulo = !is_signed;
  static constexpr bool has_infinity = false;
  static constexpr bool has_quiet_NaN = false;
  static constexpr int radix = 2;
  static constexpr int digits = int(sizeof(T) * 8) - (is_signed ? 1 : 0);
  static constexpr int digits10 = digits * 3 / 10;
  static constexpr int max_digits10 = 0;
  static constexpr T min() noexcept { return is_signed ? T(T(1) << (sizeof(T) * 8 - 1)) : T(0); }
  static constexpr T max() noexcept { return T(~(is_signed ? T(T(1) << (sizeof(T) * 8 - 1)) : T(0))); }
  static constexpr T lowest() noexcept { return is_signed ? T(T(1) << (sizeof(T) * 8 - 1)) : T(0); }
  static constexpr T epsilon() noexcept { return T(0); }
  static constexpr T infinity() noexcept { return T(0); }
  static constexpr T quiet_NaN() noexcept { return T(0); }
  static constexpr T denorm_min() noexcept { return T(0); }
  static constexpr T round_error() noexcept { return T(0); }
};
template <> struct numeric_limits<bool> : __limits_int<bool> {
  static constexpr bool max() noexcept { return true; }
  static constexpr bool min() noexcept { return false; }
};
template <> struct numeric_limits<char> : __limits_int<char> {};
template <> struct numeric_limits<signed char> : __limits_int<signed char> {};
template <> struct numeric_limits<unsigned char> : __limits_int<unsigned char> {};
template <> struct numeric_limits<wchar_t> : __limits_int<wchar_t> {};
template <> struct numeric_limits<char16_t> : __limits_int<char16_t> {};
template <> struct numeric_limits<char32_t> : __limits_int<char32_t> {};
template <> struct numeric_limits<short> : __limits_int<short> {};
template <> struct numeric_limits<unsigned short> : __limits_int<unsigned short> {};
template <> struct numeric_limits<int> : __limits_int<int> {};
template <> struct numeric_limits<unsigned int> : __limits_int<unsigned int> {};
template <> struct numeric_limits<long> : __limits_int<long> {};
template <> struct numeric_limits<unsigned long> : __limits_int<unsigned long> {};
template <> struct numeric_limits<long long> : __limits_int<long long> {};
template <> struct numeric_limits<unsigned long long> : __limits_int<unsigned long long> {};
#define __EMB_LIMITS(T, P, nan, inf)                                                           \
  template <> struct numeric_limits<T> {                                                       \
    static constexpr bool is_specialized = true, is_signed = true, is_integer = false;         \
    static constexpr bool is_exact = false, is_iec559 = true, is_bounded = true;               \
    static constexpr bool has_infinity = true, has_quiet_NaN = true, has_signaling_NaN = true; \
    static constexpr int radix = 2, digits = P##_MANT_DIG__, digits10 = P##_DIG__;             \
    static constexpr int max_digits10 = P##_DECIMAL_DIG__, min_exponent = P##_MIN_EXP__;       \
    static constexpr int max_exponent = P##_MAX_EXP__, max_exponent10 = P##_MAX_10_EXP__;      \
    static constexpr T min() noexcept { return P##_MIN__; }                                    \
    static constexpr T max() noexcept { return P##_MAX__; }                                    \
    static constexpr T lowest() noexcept { return -P##_MAX__; }                                \
    static constexpr T epsilon() noexcept { return P##_EPSILON__; }                            \
    static constexpr T denorm_min() noexcept { return P##_DENORM_MIN__; }                      \
    static constexpr T round_error() noexcept { return static_cast<T>(0.5); }                               \
    static constexpr T infinity() noexcept { return inf(); }                                   \
    static constexpr T quiet_NaN() noexcept { return nan(""); }                                \
    static constexpr T signaling_NaN() noexcept { return nan(""); }                            \
  };
__EMB_LIMITS(float, __FLT, __builtin_nanf, __builtin_inff)
__EMB_LIMITS(double, __DBL, __builtin_nan, __builtin_inf)
__EMB_LIMITS(long double, __LDBL, __builtin_nanl, __builtin_infl)

// new
enum class align_val_t : size_t {};
struct nothrow_t { explicit nothrow_t() = default; };
extern const nothrow_t nothrow;
typedef void (*new_handler)();
new_handler set_new_handler(new_handler handler) noexcept;
inline constexpr size_t hardware_destructive_interference_size = 64;
inline constexpr size_t hardware_constructive_interference_size = 64;

// ratio
template <intmax_t n, intmax_t d = 1> struct ratio {
  static constexpr intmax_t num = n;
  static constexpr intmax_t den = d;
  using type = ratio;
};
using nano = ratio<1, 1000000000>;
using micro = ratio<1, 1000000>;
using milli = ratio<1, 1000>;
using centi = ratio<1, 100>;
using deci = ratio<1, 10>;
using kilo = ratio<1000>;
using mega = ratio<1000000>;
using giga = ratio<1000000000>;

// bit
template <class To, class From> constexpr To bit_cast(const From &value) noexcept { return __builtin_bit_cast(To, value); }
template <class T> constexpr int popcount(T value) noexcept { return __builtin_popcountll(value); }
template <class T> int countl_zero(T value) noexcept;
template <class T> int countr_zero(T value) noexcept;
template <class T> T bit_ceil(T value) noexcept;
template <class T> T bit_floor(T value) noexcept;
template <class T> int bit_width(T value) noexcept;
template <class T> bool has_single_bit(T value) noexcept;
template <class T> T rotl(T value, int shift) noexcept;
template <class T> T rotr(T value, int shift) noexcept;
enum class endian { little = 1234, big = 4321, native = 1234 };
} // namespace std

inline void *operator new(size_t, void *place) noexcept { return place; }
inline void *operator new[](size_t, void *place) noexcept { return place; }
void *operator new(size_t size, const std::nothrow_t &) noexcept;
void *operator new[](size_t size, const std::nothrow_t &) noexcept;
void operator delete(void *pointer, const std::nothrow_t &) noexcept;

#if __cplusplus >= 202002L
namespace std {
// compare (light)
class partial_ordering {
  signed char __v;

public:
  constexpr explicit partial_ordering(signed char v) : __v(v) {}
  static const partial_ordering less, equivalent, greater, unordered;
  friend bool operator==(partial_ordering, partial_ordering) = default;
};
class weak_ordering {
  signed char __v;

public:
  constexpr explicit weak_ordering(signed char v) : __v(v) {}
  static const weak_ordering less, equivalent, greater;
  constexpr operator partial_ordering() const { return partial_ordering(__v); }
  friend bool operator==(weak_ordering, weak_ordering) = default;
};
class strong_ordering {
  signed char __v;

public:
  constexpr explicit strong_ordering(signed char v) : __v(v) {}
  static const strong_ordering less, equal, equivalent, greater;
  constexpr operator partial_ordering() const { return partial_ordering(__v); }
  constexpr operator weak_ordering() const { return weak_ordering(__v); }
  friend bool operator==(strong_ordering, strong_ordering) = default;
};
inline constexpr partial_ordering partial_ordering::less(-1), partial_ordering::equivalent(0), partial_ordering::greater(1), partial_ordering::unordered(2);
inline constexpr weak_ordering weak_ordering::less(-1), weak_ordering::equivalent(0), weak_ordering::greater(1);
inline constexpr strong_ordering strong_ordering::less(-1), strong_ordering::equal(0), strong_ordering::equivalent(0), strong_ordering::greater(1);
#define __EMB_ORDER(T)                                                     \
  bool operator==(T, decltype(nullptr)) noexcept;                          \
  bool operator<(T, decltype(nullptr)) noexcept;                           \
  bool operator>(T, decltype(nullptr)) noexcept;                           \
  bool operator<=(T, decltype(nullptr)) noexcept;                          \
  bool operator>=(T, decltype(nullptr)) noexcept;
__EMB_ORDER(strong_ordering)
__EMB_ORDER(weak_ordering)
__EMB_ORDER(partial_ordering)

// concepts (light)
template <class A, class B> concept same_as = is_same_v<A, B>;
template <class D, class B> concept derived_from = __is_base_of(B, D);
template <class F, class T> concept convertible_to = __is_convertible_to(F, T);
template <class T> concept integral = __is_integral(T);
template <class T> concept signed_integral = __is_integral(T) && __is_signed(T);
template <class T> concept unsigned_integral = __is_integral(T) && !__is_signed(T);
template <class T> concept floating_point = __is_floating_point(T);
template <class T> concept destructible = true;
template <class T, class... A> concept constructible_from = __is_constructible(T, A...);
template <class T> concept default_initializable = __is_constructible(T);
template <class T> concept move_constructible = __is_constructible(T, T &&);
template <class T> concept copy_constructible = __is_constructible(T, const T &);
template <class T> concept movable = move_constructible<T>;
template <class T> concept copyable = copy_constructible<T>;
template <class T> concept semiregular = copyable<T> && default_initializable<T>;
template <class T> concept equality_comparable = requires(const T &a, const T &b) { a == b; };
template <class T> concept totally_ordered = requires(const T &a, const T &b) { a < b; };
template <class T> concept regular = semiregular<T> && equality_comparable<T>;
template <class F, class... A> concept invocable = is_invocable_v<F, A...>;
template <class F, class... A> concept predicate = is_invocable_v<F, A...>;

struct source_location {
  struct __impl {
    const char *_M_file_name;
    const char *_M_function_name;
    unsigned _M_line;
    unsigned _M_column;
  };
  static constexpr source_location current(const void * = nullptr) noexcept { return source_location(); }
  const char *file_name() const noexcept;
  const char *function_name() const noexcept;
  unsigned line() const noexcept;
  unsigned column() const noexcept;
};
} // namespace std
#endif

#if defined(__CUDA__)
#pragma clang force_cuda_host_device end
#endif
