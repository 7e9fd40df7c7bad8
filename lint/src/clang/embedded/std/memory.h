// <exception>, <stdexcept>, <memory>, <utility> (pair), <tuple>, <iterator>: exceptions, allocators,
// smart pointers, pairs, tuples and iterator adaptors.
#pragma once
#pragma clang system_header
#include "type_traits.h"

namespace std {
// exceptions
class exception {
public:
  exception() noexcept;
  exception(const exception &) noexcept;
  exception &operator=(const exception &) noexcept;
  virtual ~exception();
  virtual const char *what() const noexcept;
};
class bad_exception : public exception {};
class bad_alloc : public exception {
public:
  const char *what() const noexcept override;
};
class bad_array_new_length : public bad_alloc {};
class bad_cast : public exception {};
class bad_typeid : public exception {};
class exception_ptr {
public:
  exception_ptr() noexcept;
  exception_ptr(nullptr_t) noexcept;
  explicit operator bool() const noexcept;
};
bool operator==(const exception_ptr &a, const exception_ptr &b);
bool operator!=(const exception_ptr &a, const exception_ptr &b);
exception_ptr current_exception() noexcept;
template <class E> exception_ptr make_exception_ptr(E error) noexcept;
[[noreturn]] void rethrow_exception(exception_ptr error);
template <class T> [[noreturn]] void throw_with_nested(T &&error);
template <class T> void rethrow_if_nested(const T &error);
[[noreturn]] void terminate() noexcept;
typedef void (*terminate_handler)();
terminate_handler set_terminate(terminate_handler handler) noexcept;
bool uncaught_exception() noexcept;
int uncaught_exceptions() noexcept;

#if defined(__CUDA__)
#pragma clang force_cuda_host_device begin
#endif
// pair
template <class A, class B> struct pair {
  using first_type = A;
  using second_type = B;
  A first;
  B second;
  constexpr pair() : first(), second() {}
  constexpr pair(const A &a, const B &b) : first(a), second(b) {}
  template <class X, class Y, class = enable_if_t<is_constructible<A, X &&>::value && is_constructible<B, Y &&>::value>>
  constexpr pair(X &&a, Y &&b) : first(static_cast<X &&>(a)), second(static_cast<Y &&>(b)) {}
  template <class X, class Y> constexpr pair(const pair<X, Y> &other) : first(other.first), second(other.second) {}
  template <class X, class Y> pair(pair<X, Y> &&other);
  template <class... X, class... Y> pair(piecewise_construct_t, X... x);
  pair(const pair &) = default;
  pair(pair &&) = default;
  pair &operator=(const pair &other);
  pair &operator=(pair &&other);
  template <class X, class Y> pair &operator=(const pair<X, Y> &other);
  void swap(pair &other);
};
template <class A, class B> constexpr pair<decay_t<A>, decay_t<B>> make_pair(A &&a, B &&b) {
  return pair<decay_t<A>, decay_t<B>>(static_cast<A &&>(a), static_cast<B &&>(b));
}
template <class A, class B> bool operator==(const pair<A, B> &a, const pair<A, B> &b);
template <class A, class B> bool operator!=(const pair<A, B> &a, const pair<A, B> &b);
template <class A, class B> bool operator<(const pair<A, B> &a, const pair<A, B> &b);
template <class A, class B> bool operator>(const pair<A, B> &a, const pair<A, B> &b);

// tuple
template <class... T> class tuple;
template <class T> struct tuple_size;
template <class... T> struct tuple_size<tuple<T...>> : integral_constant<size_t, sizeof...(T)> {};
template <class A, class B> struct tuple_size<pair<A, B>> : integral_constant<size_t, 2> {};
template <class T> struct tuple_size<const T> : tuple_size<T> {};
template <class T> inline constexpr size_t tuple_size_v = tuple_size<T>::value;
template <size_t i, class T> struct tuple_element;
template <size_t i, class... T> struct tuple_element<i, tuple<T...>> { using type = __type_pack_element<i, T...>; };
template <class A, class B> struct tuple_element<0, pair<A, B>> { using type = A; };
template <class A, class B> struct tuple_element<1, pair<A, B>> { using type = B; };
template <size_t i, class T> struct tuple_element<i, const T> { using type = const typename tuple_element<i, T>::type; };
template <size_t i, class T> using tuple_element_t = typename tuple_element<i, T>::type;
template <class... T> class tuple {
public:
  tuple();
  tuple(const T &...values);
  template <class U, class... R, class = enable_if_t<sizeof...(R) + 1 == sizeof...(T) && !is_same<remove_cvref_t<U>, tuple>::value>>
  tuple(U &&value, R &&...rest);
  template <class... U, class = enable_if_t<sizeof...(U) == sizeof...(T)>> tuple(const tuple<U...> &other);
  template <class A, class B> tuple(const pair<A, B> &other);
  tuple(const tuple &) = default;
  tuple(tuple &&) = default;
  tuple &operator=(const tuple &other);
  tuple &operator=(tuple &&other);
  template <class... U> tuple &operator=(const tuple<U...> &other);
  template <class... U> tuple &operator=(tuple<U...> &&other);
  template <class A, class B> tuple &operator=(const pair<A, B> &other);
  template <class A, class B> tuple &operator=(pair<A, B> &&other);
  void swap(tuple &other);
};
template <> class tuple<> {};
template <class... T> constexpr tuple<decay_t<T>...> make_tuple(T &&...values);
template <class... T> constexpr tuple<T &...> tie(T &...values) noexcept;
template <class... T> constexpr tuple<T &&...> forward_as_tuple(T &&...values) noexcept;
template <size_t i, class... T> constexpr tuple_element_t<i, tuple<T...>> &get(tuple<T...> &value) noexcept;
template <size_t i, class... T> constexpr const tuple_element_t<i, tuple<T...>> &get(const tuple<T...> &value) noexcept;
template <size_t i, class... T> constexpr tuple_element_t<i, tuple<T...>> &&get(tuple<T...> &&value) noexcept;
template <class U, class... T> constexpr U &get(tuple<T...> &value) noexcept;
template <class U, class... T> constexpr const U &get(const tuple<T...> &value) noexcept;
template <size_t i, class A, class B> constexpr tuple_element_t<i, pair<A, B>> &get(pair<A, B> &value) noexcept;
template <size_t i, class A, class B> constexpr const tuple_element_t<i, pair<A, B>> &get(const pair<A, B> &value) noexcept;
template <size_t i, class A, class B> constexpr tuple_element_t<i, pair<A, B>> &&get(pair<A, B> &&value) noexcept;
template <class... T> bool operator==(const tuple<T...> &a, const tuple<T...> &b);
template <class... T> bool operator!=(const tuple<T...> &a, const tuple<T...> &b);
template <class... T> bool operator<(const tuple<T...> &a, const tuple<T...> &b);
template <class... T> bool operator>(const tuple<T...> &a, const tuple<T...> &b);
template <class F, class... T> auto __apply_result(F &&f, const tuple<T...> &) -> decltype(declval<F>()(declval<T>()...));
template <class F, class Tuple> auto apply(F &&f, Tuple &&values) -> decltype(__apply_result(declval<F>(), values));
template <class T, class Tuple> T make_from_tuple(Tuple &&values);
struct __ignore {
  template <class T> const __ignore &operator=(const T &) const;
};
extern const __ignore ignore;
#if defined(__cpp_deduction_guides)
template <class A, class B> pair(A, B) -> pair<A, B>;
template <class... T> tuple(T...) -> tuple<T...>;
#endif

// iterators
struct input_iterator_tag {};
struct output_iterator_tag {};
struct forward_iterator_tag : input_iterator_tag {};
struct bidirectional_iterator_tag : forward_iterator_tag {};
struct random_access_iterator_tag : bidirectional_iterator_tag {};
struct contiguous_iterator_tag : random_access_iterator_tag {};
template <class C, class T, class D = ptrdiff_t, class P = T *, class R = T &> struct iterator {
  using iterator_category = C;
  using value_type = T;
  using difference_type = D;
  using pointer = P;
  using reference = R;
};
template <class I, class = void> struct __iterator_traits {};
template <class I> struct __iterator_traits<I, void_t<typename I::iterator_category, typename I::value_type>> {
  using iterator_category = typename I::iterator_category;
  using value_type = typename I::value_type;
  using difference_type = typename I::difference_type;
  using pointer = typename I::pointer;
  using reference = typename I::reference;
};
template <class I> struct iterator_traits : __iterator_traits<I> {};
template <class T> struct iterator_traits<T *> {
  using iterator_category = random_access_iterator_tag;
  using value_type = remove_cv_t<T>;
  using difference_type = ptrdiff_t;
  using pointer = T *;
  using reference = T &;
};
template <class I> using __if_iterator = typename iterator_traits<I>::iterator_category;

// The iterator of node based containers: bidirectional, T may be const.
template <class T> struct __node_iterator {
  using iterator_category = bidirectional_iterator_tag;
  using value_type = remove_cv_t<T>;
  using difference_type = ptrdiff_t;
  using pointer = T *;
  using reference = T &;
  __node_iterator() noexcept;
  template <class U, class = enable_if_t<is_same<const U, T>::value>> __node_iterator(const __node_iterator<U> &other);
  T &operator*() const noexcept;
  T *operator->() const noexcept;
  __node_iterator &operator++() noexcept;
  __node_iterator operator++(int) noexcept;
  __node_iterator &operator--() noexcept;
  __node_iterator operator--(int) noexcept;
};
template <class T, class U> bool operator==(const __node_iterator<T> &a, const __node_iterator<U> &b) noexcept;
template <class T, class U> bool operator!=(const __node_iterator<T> &a, const __node_iterator<U> &b) noexcept;

// The iterator of deque.
template <class T> struct __random_iterator {
  using iterator_category = random_access_iterator_tag;
  using value_type = remove_cv_t<T>;
  using difference_type = ptrdiff_t;
  using pointer = T *;
  using reference = T &;
  __random_iterator() noexcept;
  template <class U, class = enable_if_t<is_same<const U, T>::value>> __random_iterator(const __random_iterator<U> &other);
  T &operator*() const noexcept;
  T *operator->() const noexcept;
  T &operator[](ptrdiff_t i) const noexcept;
  __random_iterator &operator++() noexcept;
  __random_iterator operator++(int) noexcept;
  __random_iterator &operator--() noexcept;
  __random_iterator operator--(int) noexcept;
  __random_iterator &operator+=(ptrdiff_t n) noexcept;
  __random_iterator &operator-=(ptrdiff_t n) noexcept;
  __random_iterator operator+(ptrdiff_t n) const noexcept;
  __random_iterator operator-(ptrdiff_t n) const noexcept;
};
template <class T, class U> ptrdiff_t operator-(const __random_iterator<T> &a, const __random_iterator<U> &b) noexcept;
template <class T, class U> bool operator==(const __random_iterator<T> &a, const __random_iterator<U> &b) noexcept;
template <class T, class U> bool operator!=(const __random_iterator<T> &a, const __random_iterator<U> &b) noexcept;
template <class T, class U> bool operator<(const __random_iterator<T> &a, const __random_iterator<U> &b) noexcept;

template <class I> class reverse_iterator {
public:
  using iterator_type = I;
  using iterator_category = typename iterator_traits<I>::iterator_category;
  using value_type = typename iterator_traits<I>::value_type;
  using difference_type = typename iterator_traits<I>::difference_type;
  using pointer = typename iterator_traits<I>::pointer;
  using reference = typename iterator_traits<I>::reference;
  reverse_iterator();
  explicit reverse_iterator(I base);
  template <class U> reverse_iterator(const reverse_iterator<U> &other);
  I base() const;
  reference operator*() const;
  pointer operator->() const;
  reference operator[](difference_type i) const;
  reverse_iterator &operator++();
  reverse_iterator operator++(int);
  reverse_iterator &operator--();
  reverse_iterator operator--(int);
  reverse_iterator operator+(difference_type n) const;
  reverse_iterator operator-(difference_type n) const;
};
template <class A, class B> ptrdiff_t operator-(const reverse_iterator<A> &a, const reverse_iterator<B> &b);
template <class A, class B> bool operator==(const reverse_iterator<A> &a, const reverse_iterator<B> &b);
template <class A, class B> bool operator!=(const reverse_iterator<A> &a, const reverse_iterator<B> &b);
template <class I> class move_iterator {
public:
  using iterator_category = typename iterator_traits<I>::iterator_category;
  using value_type = typename iterator_traits<I>::value_type;
  using difference_type = ptrdiff_t;
  using pointer = I;
  using reference = value_type &&;
  explicit move_iterator(I base);
  reference operator*() const;
  move_iterator &operator++();
};
template <class A, class B> bool operator==(const move_iterator<A> &a, const move_iterator<B> &b);
template <class A, class B> bool operator!=(const move_iterator<A> &a, const move_iterator<B> &b);
struct __output_iterator {
  using iterator_category = output_iterator_tag;
  using value_type = void;
  using difference_type = ptrdiff_t;
  using pointer = void;
  using reference = void;
};
template <class C> struct back_insert_iterator : __output_iterator {
  using container_type = C;
  explicit back_insert_iterator(C &container);
  template <class T> back_insert_iterator &operator=(T &&value);
  back_insert_iterator &operator*();
  back_insert_iterator &operator++();
  back_insert_iterator operator++(int);
};
template <class C> struct insert_iterator : back_insert_iterator<C> {
  insert_iterator(C &container, typename C::iterator at);
};
template <class C> back_insert_iterator<C> back_inserter(C &container);
template <class C> back_insert_iterator<C> front_inserter(C &container);
template <class C, class I> insert_iterator<C> inserter(C &container, I at);
template <class I> move_iterator<I> make_move_iterator(I base);
template <class I> reverse_iterator<I> make_reverse_iterator(I base);
template <class I> void advance(I &it, ptrdiff_t n);
template <class I> typename iterator_traits<I>::difference_type distance(I first, I last);
template <class I> I next(I it, ptrdiff_t n = 1);
template <class I> I prev(I it, ptrdiff_t n = 1);
template <class C> constexpr auto begin(C &c) -> decltype(c.begin()) { return c.begin(); }
template <class C> constexpr auto begin(const C &c) -> decltype(c.begin()) { return c.begin(); }
template <class C> constexpr auto end(C &c) -> decltype(c.end()) { return c.end(); }
template <class C> constexpr auto end(const C &c) -> decltype(c.end()) { return c.end(); }
template <class T, size_t n> constexpr T *begin(T (&array)[n]) noexcept { return array; }
template <class T, size_t n> constexpr T *end(T (&array)[n]) noexcept { return array + n; }
template <class C> constexpr auto cbegin(const C &c) -> decltype(c.begin()) { return c.begin(); }
template <class C> constexpr auto cend(const C &c) -> decltype(c.end()) { return c.end(); }
template <class C> auto rbegin(C &c) -> decltype(c.rbegin());
template <class C> auto rend(C &c) -> decltype(c.rend());
template <class C> constexpr auto size(const C &c) -> decltype(c.size()) { return c.size(); }
template <class T, size_t n> constexpr size_t size(const T (&)[n]) noexcept { return n; }
template <class C> constexpr ptrdiff_t ssize(const C &c) { return c.size(); }
template <class C> constexpr auto data(C &c) -> decltype(c.data()) { return c.data(); }
template <class C> constexpr auto data(const C &c) -> decltype(c.data()) { return c.data(); }
template <class T, size_t n> constexpr T *data(T (&array)[n]) noexcept { return array; }
template <class C> constexpr auto empty(const C &c) -> decltype(c.empty()) { return c.empty(); }

#if defined(__CUDA__)
#pragma clang force_cuda_host_device end
#endif

// allocators
template <class T> struct allocator {
  using value_type = T;
  using size_type = size_t;
  using difference_type = ptrdiff_t;
  using pointer = T *;
  using const_pointer = const T *;
  using reference = T &;
  using const_reference = const T &;
  using propagate_on_container_move_assignment = true_type;
  using is_always_equal = true_type;
  template <class U> struct rebind { using other = allocator<U>; };
  constexpr allocator() noexcept {}
  template <class U> constexpr allocator(const allocator<U> &) noexcept {}
  T *allocate(size_t count);
  T *allocate(size_t count, const void *hint);
  void deallocate(T *pointer, size_t count);
  template <class U, class... A> void construct(U *pointer, A &&...args);
  template <class U> void destroy(U *pointer);
  size_t max_size() const noexcept;
};
template <> struct allocator<void> {
  using value_type = void;
  using pointer = void *;
  template <class U> struct rebind { using other = allocator<U>; };
};
template <class A, class B> bool operator==(const allocator<A> &, const allocator<B> &) noexcept;
template <class A, class B> bool operator!=(const allocator<A> &, const allocator<B> &) noexcept;
template <class A, class U> struct __rebind;
template <template <class, class...> class A, class T, class... R, class U> struct __rebind<A<T, R...>, U> { using type = A<U, R...>; };
template <class A> struct allocator_traits {
  using allocator_type = A;
  using value_type = typename A::value_type;
  using pointer = value_type *;
  using const_pointer = const value_type *;
  using size_type = size_t;
  using difference_type = ptrdiff_t;
  template <class U> using rebind_alloc = typename __rebind<A, U>::type;
  template <class U> using rebind_traits = allocator_traits<rebind_alloc<U>>;
  static pointer allocate(A &allocator, size_t count);
  static void deallocate(A &allocator, pointer p, size_t count);
  template <class T, class... X> static void construct(A &allocator, T *pointer, X &&...args);
  template <class T> static void destroy(A &allocator, T *pointer);
  static size_t max_size(const A &allocator) noexcept;
};
struct allocator_arg_t {};
inline constexpr allocator_arg_t allocator_arg{};
template <class P> struct pointer_traits;
template <class T> struct pointer_traits<T *> {
  using pointer = T *;
  using element_type = T;
  using difference_type = ptrdiff_t;
};

// unique_ptr
template <class T> struct default_delete {
  constexpr default_delete() noexcept = default;
  template <class U> default_delete(const default_delete<U> &) noexcept;
  void operator()(T *pointer) const;
};
template <class T> struct default_delete<T[]> {
  constexpr default_delete() noexcept = default;
  template <class U> void operator()(U *pointer) const;
};
template <class T, class D, class = void> struct __deleter_pointer { using type = T *; };
template <class T, class D> struct __deleter_pointer<T, D, void_t<typename remove_reference_t<D>::pointer>> {
  using type = typename remove_reference_t<D>::pointer;
};
template <class T, class D = default_delete<T>> class unique_ptr {
public:
  using element_type = T;
  using deleter_type = D;
  using pointer = typename __deleter_pointer<T, D>::type;
  constexpr unique_ptr() noexcept;
  constexpr unique_ptr(nullptr_t) noexcept;
  explicit unique_ptr(pointer p) noexcept;
  unique_ptr(pointer p, const remove_reference_t<D> &deleter) noexcept;
  unique_ptr(pointer p, remove_reference_t<D> &&deleter) noexcept;
  unique_ptr(unique_ptr &&other) noexcept;
  template <class U, class E, class = enable_if_t<is_convertible<typename unique_ptr<U, E>::pointer, pointer>::value>>
  unique_ptr(unique_ptr<U, E> &&other) noexcept;
  unique_ptr(const unique_ptr &) = delete;
  ~unique_ptr();
  unique_ptr &operator=(const unique_ptr &) = delete;
  unique_ptr &operator=(unique_ptr &&other) noexcept;
  template <class U, class E> unique_ptr &operator=(unique_ptr<U, E> &&other) noexcept;
  unique_ptr &operator=(nullptr_t) noexcept;
  add_lvalue_reference_t<T> operator*() const;
  pointer operator->() const noexcept;
  pointer get() const noexcept;
  D &get_deleter() noexcept;
  const D &get_deleter() const noexcept;
  explicit operator bool() const noexcept;
  pointer release() noexcept;
  void reset(pointer p = pointer()) noexcept;
  void swap(unique_ptr &other) noexcept;
};
template <class T, class D> class unique_ptr<T[], D> {
public:
  using element_type = T;
  using deleter_type = D;
  using pointer = typename __deleter_pointer<T, D>::type;
  constexpr unique_ptr() noexcept;
  constexpr unique_ptr(nullptr_t) noexcept;
  explicit unique_ptr(pointer p) noexcept;
  unique_ptr(pointer p, const remove_reference_t<D> &deleter) noexcept;
  unique_ptr(pointer p, remove_reference_t<D> &&deleter) noexcept;
  unique_ptr(unique_ptr &&other) noexcept;
  template <class E> unique_ptr(unique_ptr<T[], E> &&other) noexcept;
  unique_ptr(const unique_ptr &) = delete;
  ~unique_ptr();
  unique_ptr &operator=(const unique_ptr &) = delete;
  unique_ptr &operator=(unique_ptr &&other) noexcept;
  unique_ptr &operator=(nullptr_t) noexcept;
  T &operator[](size_t i) const;
  pointer get() const noexcept;
  D &get_deleter() noexcept;
  explicit operator bool() const noexcept;
  pointer release() noexcept;
  void reset(pointer p = pointer()) noexcept;
  void swap(unique_ptr &other) noexcept;
};
template <class T, class... A, class = enable_if_t<!__is_array(T)>> unique_ptr<T> make_unique(A &&...args);
template <class T, class = enable_if_t<__is_array(T)>> unique_ptr<T> make_unique(size_t count);
template <class T> unique_ptr<T> make_unique_for_overwrite(size_t count);
template <class T> unique_ptr<T> make_unique_for_overwrite();
template <class A, class D, class B, class E> bool operator==(const unique_ptr<A, D> &a, const unique_ptr<B, E> &b);
template <class A, class D, class B, class E> bool operator!=(const unique_ptr<A, D> &a, const unique_ptr<B, E> &b);
template <class T, class D> bool operator==(const unique_ptr<T, D> &a, nullptr_t) noexcept;
template <class T, class D> bool operator!=(const unique_ptr<T, D> &a, nullptr_t) noexcept;
template <class T, class D> bool operator==(nullptr_t, const unique_ptr<T, D> &a) noexcept;
template <class T, class D> bool operator!=(nullptr_t, const unique_ptr<T, D> &a) noexcept;
template <class T> class auto_ptr {
public:
  explicit auto_ptr(T *pointer = nullptr);
  ~auto_ptr();
  T &operator*() const;
  T *operator->() const;
  T *get() const;
  T *release();
  void reset(T *pointer = nullptr);
};

// shared_ptr
template <class T> class weak_ptr;
template <class T> class shared_ptr {
public:
  using element_type = remove_extent_t<T>;
  using weak_type = weak_ptr<T>;
  constexpr shared_ptr() noexcept;
  constexpr shared_ptr(nullptr_t) noexcept;
  template <class U, class = enable_if_t<is_convertible<U *, element_type *>::value>> explicit shared_ptr(U *p);
  template <class U, class D> shared_ptr(U *p, D deleter);
  template <class U, class D, class A> shared_ptr(U *p, D deleter, A allocator);
  template <class D> shared_ptr(nullptr_t, D deleter);
  template <class U> shared_ptr(const shared_ptr<U> &owner, element_type *alias) noexcept;
  shared_ptr(const shared_ptr &other) noexcept;
  shared_ptr(shared_ptr &&other) noexcept;
  template <class U, class = enable_if_t<is_convertible<U *, T *>::value>> shared_ptr(const shared_ptr<U> &other) noexcept;
  template <class U, class = enable_if_t<is_convertible<U *, T *>::value>> shared_ptr(shared_ptr<U> &&other) noexcept;
  template <class U> explicit shared_ptr(const weak_ptr<U> &other);
  template <class U, class D> shared_ptr(unique_ptr<U, D> &&other);
  ~shared_ptr();
  shared_ptr &operator=(const shared_ptr &other) noexcept;
  shared_ptr &operator=(shared_ptr &&other) noexcept;
  template <class U> shared_ptr &operator=(const shared_ptr<U> &other) noexcept;
  template <class U, class D> shared_ptr &operator=(unique_ptr<U, D> &&other);
  add_lvalue_reference_t<element_type> operator*() const noexcept;
  element_type *operator->() const noexcept;
  add_lvalue_reference_t<element_type> operator[](ptrdiff_t i) const;
  element_type *get() const noexcept;
  explicit operator bool() const noexcept;
  void reset() noexcept;
  template <class U> void reset(U *p);
  template <class U, class D> void reset(U *p, D deleter);
  void swap(shared_ptr &other) noexcept;
  long use_count() const noexcept;
  bool unique() const noexcept;
};
template <class T> class weak_ptr {
public:
  constexpr weak_ptr() noexcept;
  weak_ptr(const weak_ptr &other) noexcept;
  template <class U> weak_ptr(const shared_ptr<U> &other) noexcept;
  template <class U> weak_ptr(const weak_ptr<U> &other) noexcept;
  ~weak_ptr();
  weak_ptr &operator=(const weak_ptr &other) noexcept;
  template <class U> weak_ptr &operator=(const shared_ptr<U> &other) noexcept;
  shared_ptr<T> lock() const noexcept;
  bool expired() const noexcept;
  void reset() noexcept;
  long use_count() const noexcept;
};
template <class T> class enable_shared_from_this {
protected:
  constexpr enable_shared_from_this() noexcept {}
  enable_shared_from_this(const enable_shared_from_this &) noexcept {}

public:
  shared_ptr<T> shared_from_this();
  shared_ptr<const T> shared_from_this() const;
  weak_ptr<T> weak_from_this() noexcept;
};
template <class T, class... A> shared_ptr<T> make_shared(A &&...args);
template <class T, class A, class... X> shared_ptr<T> allocate_shared(const A &allocator, X &&...args);
template <class T, class U> shared_ptr<T> static_pointer_cast(const shared_ptr<U> &p) noexcept;
template <class T, class U> shared_ptr<T> dynamic_pointer_cast(const shared_ptr<U> &p) noexcept;
template <class T, class U> shared_ptr<T> const_pointer_cast(const shared_ptr<U> &p) noexcept;
template <class T, class U> shared_ptr<T> reinterpret_pointer_cast(const shared_ptr<U> &p) noexcept;
template <class A, class B> bool operator==(const shared_ptr<A> &a, const shared_ptr<B> &b) noexcept;
template <class A, class B> bool operator!=(const shared_ptr<A> &a, const shared_ptr<B> &b) noexcept;
template <class A, class B> bool operator<(const shared_ptr<A> &a, const shared_ptr<B> &b) noexcept;
template <class T> bool operator==(const shared_ptr<T> &a, nullptr_t) noexcept;
template <class T> bool operator!=(const shared_ptr<T> &a, nullptr_t) noexcept;
template <class T> bool operator==(nullptr_t, const shared_ptr<T> &a) noexcept;
template <class T> bool operator!=(nullptr_t, const shared_ptr<T> &a) noexcept;

// raw memory
void *align(size_t alignment, size_t size, void *&pointer, size_t &space);
template <class T> T *to_address(T *pointer) noexcept;
template <class T> auto to_address(const T &pointer) noexcept -> decltype(pointer.operator->());
template <class I, class O> O uninitialized_copy(I first, I last, O out);
template <class I, class T> void uninitialized_fill(I first, I last, const T &value);
template <class I, class N, class T> I uninitialized_fill_n(I first, N count, const T &value);
template <class I> void uninitialized_default_construct(I first, I last);
template <class T, class... A> T *construct_at(T *pointer, A &&...args);
template <class T> void destroy_at(T *pointer);
template <class I> void destroy(I first, I last);
template <class I, class N> I destroy_n(I first, N count);
} // namespace std
