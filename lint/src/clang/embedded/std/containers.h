// <vector>, <array>, <deque>, <list>, <forward_list>, <queue>, <stack>, <bitset>, <span>: sequences
// and adaptors. `vector<T>::data()` is a `T *`, iterators of contiguous containers are pointers.
#pragma once
#pragma clang system_header
#include "memory.h"

#define __EMB_VALUE_TYPES(T)      \
  using value_type = T;           \
  using size_type = size_t;       \
  using difference_type = ptrdiff_t; \
  using reference = T &;          \
  using const_reference = const T &; \
  using pointer = T *;            \
  using const_pointer = const T *;
#define __EMB_ITERATORS(I, C)                                      \
  using iterator = I;                                              \
  using const_iterator = C;                                        \
  using reverse_iterator = std::reverse_iterator<I>;               \
  using const_reverse_iterator = std::reverse_iterator<C>;         \
  iterator begin() noexcept;                                       \
  const_iterator begin() const noexcept;                           \
  iterator end() noexcept;                                         \
  const_iterator end() const noexcept;                             \
  const_iterator cbegin() const noexcept;                          \
  const_iterator cend() const noexcept;                            \
  reverse_iterator rbegin() noexcept;                              \
  const_reverse_iterator rbegin() const noexcept;                  \
  reverse_iterator rend() noexcept;                                \
  const_reverse_iterator rend() const noexcept;                    \
  const_reverse_iterator crbegin() const noexcept;                 \
  const_reverse_iterator crend() const noexcept;

namespace std {
template <class T, class A = allocator<T>> class vector {
public:
  __EMB_VALUE_TYPES(T)
  __EMB_ITERATORS(T *, const T *)
  using allocator_type = A;
  vector() noexcept;
  explicit vector(const A &allocator) noexcept;
  explicit vector(size_t count, const A &allocator = A());
  vector(size_t count, const T &value, const A &allocator = A());
  template <class I, class = __if_iterator<I>> vector(I first, I last, const A &allocator = A());
  vector(initializer_list<T> values, const A &allocator = A());
  vector(const vector &other);
  vector(const vector &other, const A &allocator);
  vector(vector &&other) noexcept;
  ~vector();
  vector &operator=(const vector &other);
  vector &operator=(vector &&other) noexcept;
  vector &operator=(initializer_list<T> values);
  void assign(size_t count, const T &value);
  template <class I, class = __if_iterator<I>> void assign(I first, I last);
  void assign(initializer_list<T> values);
  A get_allocator() const noexcept;
  T &operator[](size_t i);
  const T &operator[](size_t i) const;
  T &at(size_t i);
  const T &at(size_t i) const;
  T &front();
  const T &front() const;
  T &back();
  const T &back() const;
  T *data() noexcept;
  const T *data() const noexcept;
  bool empty() const noexcept;
  size_t size() const noexcept;
  size_t max_size() const noexcept;
  size_t capacity() const noexcept;
  void reserve(size_t count);
  void shrink_to_fit();
  void resize(size_t count);
  void resize(size_t count, const T &value);
  void clear() noexcept;
  void push_back(const T &value);
  void push_back(T &&value);
  template <class... X> T &emplace_back(X &&...args);
  template <class... X> iterator emplace(const_iterator at, X &&...args);
  void pop_back();
  iterator insert(const_iterator at, const T &value);
  iterator insert(const_iterator at, T &&value);
  iterator insert(const_iterator at, size_t count, const T &value);
  template <class I, class = __if_iterator<I>> iterator insert(const_iterator at, I first, I last);
  iterator insert(const_iterator at, initializer_list<T> values);
  iterator erase(const_iterator at);
  iterator erase(const_iterator first, const_iterator last);
  void swap(vector &other) noexcept;
};
struct _Bit_reference {
  _Bit_reference &operator=(bool value) noexcept;
  operator bool() const noexcept;
  bool operator~() const noexcept;
  void flip() noexcept;
};
template <class A> class vector<bool, A> {
public:
  using value_type = bool;
  using size_type = size_t;
  using reference = _Bit_reference;
  using const_reference = bool;
  using iterator = __random_iterator<bool>;
  using const_iterator = __random_iterator<const bool>;
  vector() noexcept;
  explicit vector(size_t count);
  vector(size_t count, bool value);
  template <class I, class = __if_iterator<I>> vector(I first, I last);
  vector(initializer_list<bool> values);
  vector(const vector &other);
  vector(vector &&other) noexcept;
  ~vector();
  vector &operator=(const vector &other);
  vector &operator=(vector &&other);
  void assign(size_t count, bool value);
  _Bit_reference operator[](size_t i);
  bool operator[](size_t i) const;
  _Bit_reference at(size_t i);
  _Bit_reference front();
  _Bit_reference back();
  iterator begin() noexcept;
  iterator end() noexcept;
  const_iterator begin() const noexcept;
  const_iterator end() const noexcept;
  bool empty() const noexcept;
  size_t size() const noexcept;
  void reserve(size_t count);
  void resize(size_t count, bool value = false);
  void clear() noexcept;
  void push_back(bool value);
  void emplace_back(bool value);
  void pop_back();
  void flip() noexcept;
  void swap(vector &other) noexcept;
};
template <class T, class A> bool operator==(const vector<T, A> &a, const vector<T, A> &b);
template <class T, class A> bool operator!=(const vector<T, A> &a, const vector<T, A> &b);
template <class T, class A> bool operator<(const vector<T, A> &a, const vector<T, A> &b);
template <class T, class A> void swap(vector<T, A> &a, vector<T, A> &b) noexcept;
template <class T, class A, class U> size_t erase(vector<T, A> &container, const U &value);
template <class T, class A, class P> size_t erase_if(vector<T, A> &container, P predicate);

// array: an aggregate
template <class T, size_t n> struct array {
  using value_type = T;
  using size_type = size_t;
  using difference_type = ptrdiff_t;
  using reference = T &;
  using const_reference = const T &;
  using pointer = T *;
  using const_pointer = const T *;
  using iterator = T *;
  using const_iterator = const T *;
  T _M_elems[n ? n : 1];
  __EMB_HD __EMB_CXX14_CONSTEXPR T &operator[](size_t i) noexcept { return _M_elems[i]; }
  __EMB_HD constexpr const T &operator[](size_t i) const noexcept { return _M_elems[i]; }
  __EMB_HD __EMB_CXX14_CONSTEXPR T &at(size_t i) { return _M_elems[i]; }
  __EMB_HD constexpr const T &at(size_t i) const { return _M_elems[i]; }
  __EMB_HD __EMB_CXX14_CONSTEXPR T *data() noexcept { return _M_elems; }
  __EMB_HD constexpr const T *data() const noexcept { return _M_elems; }
  __EMB_HD __EMB_CXX14_CONSTEXPR T *begin() noexcept { return _M_elems; }
  __EMB_HD constexpr const T *begin() const noexcept { return _M_elems; }
  __EMB_HD __EMB_CXX14_CONSTEXPR T *end() noexcept { return _M_elems + n; }
  __EMB_HD constexpr const T *end() const noexcept { return _M_elems + n; }
  const T *cbegin() const noexcept;
  const T *cend() const noexcept;
  reverse_iterator<T *> rbegin() noexcept;
  reverse_iterator<T *> rend() noexcept;
  __EMB_HD __EMB_CXX14_CONSTEXPR T &front() noexcept { return _M_elems[0]; }
  __EMB_HD constexpr const T &front() const noexcept { return _M_elems[0]; }
  __EMB_HD __EMB_CXX14_CONSTEXPR T &back() noexcept { return _M_elems[n - 1]; }
  __EMB_HD constexpr const T &back() const noexcept { return _M_elems[n - 1]; }
  __EMB_HD constexpr size_t size() const noexcept { return n; }
  __EMB_HD constexpr size_t max_size() const noexcept { return n; }
  __EMB_HD constexpr bool empty() const noexcept { return n == 0; }
  __EMB_HD void fill(const T &value);
  void swap(array &other) noexcept;
};
template <class T, size_t n> bool operator==(const array<T, n> &a, const array<T, n> &b);
template <class T, size_t n> bool operator!=(const array<T, n> &a, const array<T, n> &b);
template <class T, size_t n> bool operator<(const array<T, n> &a, const array<T, n> &b);
template <class T, size_t n> struct tuple_size<array<T, n>> : integral_constant<size_t, n> {};
template <size_t i, class T, size_t n> struct tuple_element<i, array<T, n>> { using type = T; };
template <size_t i, class T, size_t n> constexpr T &get(array<T, n> &a) noexcept { return a._M_elems[i]; }
template <size_t i, class T, size_t n> constexpr const T &get(const array<T, n> &a) noexcept { return a._M_elems[i]; }
template <class T, size_t n> array<T, n> to_array(const T (&values)[n]);

// deque, list, forward_list share one set of members
#define __EMB_SEQUENCE(name)                                                             \
  using allocator_type = A;                                                              \
  name() noexcept;                                                                       \
  explicit name(size_t count);                                                           \
  name(size_t count, const T &value);                                                    \
  template <class I, class = __if_iterator<I>> name(I first, I last);                    \
  name(initializer_list<T> values);                                                      \
  name(const name &other);                                                               \
  name(name &&other) noexcept;                                                           \
  ~name();                                                                               \
  name &operator=(const name &other);                                                    \
  name &operator=(name &&other) noexcept;                                                \
  name &operator=(initializer_list<T> values);                                           \
  void assign(size_t count, const T &value);                                             \
  template <class I, class = __if_iterator<I>> void assign(I first, I last);             \
  T &front();                                                                            \
  const T &front() const;                                                                \
  T &back();                                                                             \
  const T &back() const;                                                                 \
  bool empty() const noexcept;                                                           \
  size_t size() const noexcept;                                                          \
  void clear() noexcept;                                                                 \
  void resize(size_t count);                                                             \
  void resize(size_t count, const T &value);                                             \
  void push_back(const T &value);                                                        \
  void push_back(T &&value);                                                             \
  void push_front(const T &value);                                                       \
  void push_front(T &&value);                                                            \
  void pop_back();                                                                       \
  void pop_front();                                                                      \
  template <class... X> T &emplace_back(X &&...args);                                    \
  template <class... X> T &emplace_front(X &&...args);                                   \
  template <class... X> iterator emplace(const_iterator at, X &&...args);                \
  iterator insert(const_iterator at, const T &value);                                    \
  iterator insert(const_iterator at, T &&value);                                         \
  iterator insert(const_iterator at, size_t count, const T &value);                      \
  template <class I, class = __if_iterator<I>> iterator insert(const_iterator at, I first, I last); \
  iterator erase(const_iterator at);                                                     \
  iterator erase(const_iterator first, const_iterator last);                             \
  void swap(name &other) noexcept;
template <class T, class A = allocator<T>> class deque {
public:
  __EMB_VALUE_TYPES(T)
  __EMB_ITERATORS(__random_iterator<T>, __random_iterator<const T>)
  __EMB_SEQUENCE(deque)
  T &operator[](size_t i);
  const T &operator[](size_t i) const;
  T &at(size_t i);
  const T &at(size_t i) const;
  void shrink_to_fit();
};
template <class T, class A = allocator<T>> class list {
public:
  __EMB_VALUE_TYPES(T)
  __EMB_ITERATORS(__node_iterator<T>, __node_iterator<const T>)
  __EMB_SEQUENCE(list)
  void sort();
  template <class C> void sort(C compare);
  void reverse();
  void unique();
  void remove(const T &value);
  template <class P> void remove_if(P predicate);
  void merge(list &other);
  void splice(const_iterator at, list &other);
  void splice(const_iterator at, list &other, const_iterator it);
  void splice(const_iterator at, list &other, const_iterator first, const_iterator last);
  void splice(const_iterator at, list &&other);
};
template <class T, class A = allocator<T>> class forward_list {
public:
  __EMB_VALUE_TYPES(T)
  __EMB_ITERATORS(__node_iterator<T>, __node_iterator<const T>)
  __EMB_SEQUENCE(forward_list)
  iterator before_begin() noexcept;
  iterator insert_after(const_iterator at, const T &value);
  iterator erase_after(const_iterator at);
};
template <class T, class A> bool operator==(const deque<T, A> &a, const deque<T, A> &b);
template <class T, class A> bool operator!=(const deque<T, A> &a, const deque<T, A> &b);
template <class T, class A> bool operator==(const list<T, A> &a, const list<T, A> &b);
template <class T, class A> bool operator!=(const list<T, A> &a, const list<T, A> &b);

// queue, priority_queue, stack
template <class T> struct __less_default {
  bool operator()(const T &a, const T &b) const;
};
template <class T = void> struct less;
template <class T, class C = deque<T>> class queue {
public:
  using value_type = T;
  using size_type = size_t;
  using container_type = C;
  queue();
  explicit queue(const C &container);
  T &front();
  const T &front() const;
  T &back();
  const T &back() const;
  bool empty() const;
  size_t size() const;
  void push(const T &value);
  void push(T &&value);
  template <class... X> T &emplace(X &&...args);
  void pop();
  void swap(queue &other);

protected:
  C c;
};
template <class T, class C = vector<T>, class L = less<T>> class priority_queue {
public:
  using value_type = T;
  using size_type = size_t;
  priority_queue();
  explicit priority_queue(const L &compare);
  priority_queue(const L &compare, const C &container);
  template <class I, class = __if_iterator<I>> priority_queue(I first, I last);
  const T &top() const;
  bool empty() const;
  size_t size() const;
  void push(const T &value);
  void push(T &&value);
  template <class... X> void emplace(X &&...args);
  void pop();
};
template <class T, class C = deque<T>> class stack {
public:
  using value_type = T;
  using size_type = size_t;
  stack();
  explicit stack(const C &container);
  T &top();
  const T &top() const;
  bool empty() const;
  size_t size() const;
  void push(const T &value);
  void push(T &&value);
  template <class... X> T &emplace(X &&...args);
  void pop();
  void swap(stack &other);

protected:
  C c;
};

// bitset
template <class C, class R, class A> class basic_string;
template <size_t n> class bitset {
public:
  struct reference {
    reference &operator=(bool value);
    operator bool() const;
    void flip();
  };
  constexpr bitset() noexcept {}
  constexpr bitset(unsigned long long) noexcept {}
  explicit bitset(const char *text);
  bool operator[](size_t i) const;
  reference operator[](size_t i);
  bool test(size_t i) const;
  bool all() const;
  bool any() const;
  bool none() const;
  size_t count() const;
  size_t size() const;
  bitset &set();
  bitset &set(size_t i, bool value = true);
  bitset &reset();
  bitset &reset(size_t i);
  bitset &flip();
  bitset &flip(size_t i);
  bitset &operator&=(const bitset &other);
  bitset &operator|=(const bitset &other);
  bitset &operator^=(const bitset &other);
  bitset operator~() const;
  bitset operator<<(size_t n2) const;
  bitset operator>>(size_t n2) const;
  bool operator==(const bitset &other) const;
  bool operator!=(const bitset &other) const;
  unsigned long to_ulong() const;
  unsigned long long to_ullong() const;
};

// span
inline constexpr size_t dynamic_extent = ~size_t(0);
template <class T, size_t n = dynamic_extent> class span {
public:
  using element_type = T;
  using value_type = remove_cv_t<T>;
  using size_type = size_t;
  using difference_type = ptrdiff_t;
  using pointer = T *;
  using reference = T &;
  using iterator = T *;
  static constexpr size_t extent = n;
  __EMB_HD constexpr span() noexcept : __data(nullptr), __size(0) {}
  __EMB_HD constexpr span(T *data, size_t size) noexcept : __data(data), __size(size) {}
  __EMB_HD constexpr span(T *first, T *last) noexcept : __data(first), __size(last - first) {}
  template <size_t m> __EMB_HD constexpr span(T (&array)[m]) noexcept : __data(array), __size(m) {}
  template <class C, class = enable_if_t<is_convertible<decltype(std::declval<C &>().data()), T *>::value>> span(C &container);
  template <class C, class = enable_if_t<is_convertible<decltype(std::declval<const C &>().data()), T *>::value>> span(const C &container);
  constexpr span(const span &) noexcept = default;
  span &operator=(const span &) noexcept = default;
  __EMB_HD constexpr T *data() const noexcept { return __data; }
  __EMB_HD constexpr size_t size() const noexcept { return __size; }
  __EMB_HD constexpr size_t size_bytes() const noexcept { return __size * sizeof(T); }
  __EMB_HD constexpr bool empty() const noexcept { return __size == 0; }
  __EMB_HD constexpr T &operator[](size_t i) const { return __data[i]; }
  __EMB_HD constexpr T &front() const { return __data[0]; }
  __EMB_HD constexpr T &back() const { return __data[__size - 1]; }
  __EMB_HD constexpr T *begin() const noexcept { return __data; }
  __EMB_HD constexpr T *end() const noexcept { return __data + __size; }
  span<T> subspan(size_t offset, size_t count = dynamic_extent) const;
  span<T> first(size_t count) const;
  span<T> last(size_t count) const;

private:
  T *__data;
  size_t __size;
};
template <class T, size_t n> span<const byte> as_bytes(span<T, n> s) noexcept;
template <class T, size_t n> span<byte> as_writable_bytes(span<T, n> s) noexcept;
#if defined(__cpp_deduction_guides)
template <class T, class... U> array(T, U...) -> array<T, 1 + sizeof...(U)>;
template <class I, class = __if_iterator<I>> vector(I, I) -> vector<typename iterator_traits<I>::value_type>;
template <class T> span(T *, size_t) -> span<T>;
template <class T, size_t n> span(T (&)[n]) -> span<T, n>;
template <class C> span(C &) -> span<remove_reference_t<decltype(*std::declval<C &>().data())>>;
#endif
} // namespace std
