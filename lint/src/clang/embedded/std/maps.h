// <map>, <set>, <unordered_map>, <unordered_set>: associative containers.
#pragma once
#pragma clang system_header
#include "containers.h"

namespace std {
template <class T = void> struct hash;
template <class T = void> struct equal_to;

// Members that every associative container has; E is its element.
#define __EMB_ASSOCIATIVE(name, E)                                                  \
  using key_type = K;                                                               \
  using size_type = size_t;                                                         \
  using difference_type = ptrdiff_t;                                                \
  using reference = E &;                                                            \
  using const_reference = const E &;                                                \
  using pointer = E *;                                                              \
  using allocator_type = A;                                                         \
  name();                                                                           \
  template <class I, class = __if_iterator<I>> name(I first, I last);               \
  name(initializer_list<value_type> values);                                        \
  name(const name &other);                                                          \
  name(name &&other) noexcept;                                                      \
  ~name();                                                                          \
  name &operator=(const name &other);                                               \
  name &operator=(name &&other) noexcept;                                           \
  name &operator=(initializer_list<value_type> values);                             \
  bool empty() const noexcept;                                                      \
  size_t size() const noexcept;                                                     \
  void clear() noexcept;                                                            \
  iterator erase(const_iterator at);                                                \
  iterator erase(const_iterator first, const_iterator last);                        \
  size_t erase(const K &key);                                                       \
  void swap(name &other) noexcept;                                                  \
  size_t count(const K &key) const;                                                 \
  bool contains(const K &key) const;                                                \
  iterator find(const K &key);                                                      \
  const_iterator find(const K &key) const;                                          \
  pair<iterator, iterator> equal_range(const K &key);                               \
  pair<const_iterator, const_iterator> equal_range(const K &key) const;             \
  template <class I, class = __if_iterator<I>> void insert(I first, I last);        \
  void insert(initializer_list<value_type> values);                                 \
  iterator insert(const_iterator hint, const value_type &value);                    \
  template <class... X> iterator emplace_hint(const_iterator hint, X &&...args);    \
  A get_allocator() const noexcept;
#define __EMB_UNIQUE                                              \
  pair<iterator, bool> insert(const value_type &value);           \
  pair<iterator, bool> insert(value_type &&value);                \
  template <class... X> pair<iterator, bool> emplace(X &&...args);
#define __EMB_MULTI                                 \
  iterator insert(const value_type &value);         \
  iterator insert(value_type &&value);              \
  template <class... X> iterator emplace(X &&...args);
#define __EMB_MAP_ACCESS                                                            \
  using mapped_type = V;                                                            \
  V &operator[](const K &key);                                                      \
  V &operator[](K &&key);                                                           \
  V &at(const K &key);                                                              \
  const V &at(const K &key) const;                                                  \
  template <class M> pair<iterator, bool> insert_or_assign(const K &key, M &&value); \
  template <class... X> pair<iterator, bool> try_emplace(const K &key, X &&...args);
#define __EMB_ORDERED                               \
  using key_compare = C;                            \
  iterator lower_bound(const K &key);               \
  const_iterator lower_bound(const K &key) const;   \
  iterator upper_bound(const K &key);               \
  const_iterator upper_bound(const K &key) const;
#define __EMB_HASHED                                \
  using hasher = H;                                 \
  using key_equal = Q;                              \
  void reserve(size_t count);                       \
  void rehash(size_t count);                        \
  size_t bucket_count() const noexcept;             \
  float load_factor() const noexcept;               \
  float max_load_factor() const noexcept;           \
  void max_load_factor(float value);

template <class K, class V, class C = less<K>, class A = allocator<pair<const K, V>>> class map {
public:
  using value_type = pair<const K, V>;
  __EMB_ITERATORS(__node_iterator<value_type>, __node_iterator<const value_type>)
  explicit map(const C &compare);
  __EMB_ASSOCIATIVE(map, value_type)
  __EMB_UNIQUE
  __EMB_MAP_ACCESS
  __EMB_ORDERED
};
template <class K, class V, class C = less<K>, class A = allocator<pair<const K, V>>> class multimap {
public:
  using value_type = pair<const K, V>;
  using mapped_type = V;
  __EMB_ITERATORS(__node_iterator<value_type>, __node_iterator<const value_type>)
  explicit multimap(const C &compare);
  __EMB_ASSOCIATIVE(multimap, value_type)
  __EMB_MULTI
  __EMB_ORDERED
};
template <class K, class C = less<K>, class A = allocator<K>> class set {
public:
  using value_type = K;
  __EMB_ITERATORS(__node_iterator<const K>, __node_iterator<const K>)
  explicit set(const C &compare);
  __EMB_ASSOCIATIVE(set, const K)
  __EMB_UNIQUE
  __EMB_ORDERED
};
template <class K, class C = less<K>, class A = allocator<K>> class multiset {
public:
  using value_type = K;
  __EMB_ITERATORS(__node_iterator<const K>, __node_iterator<const K>)
  __EMB_ASSOCIATIVE(multiset, const K)
  __EMB_MULTI
  __EMB_ORDERED
};
template <class K, class V, class H = hash<K>, class Q = equal_to<K>, class A = allocator<pair<const K, V>>> class unordered_map {
public:
  using value_type = pair<const K, V>;
  __EMB_ITERATORS(__node_iterator<value_type>, __node_iterator<const value_type>)
  explicit unordered_map(size_t buckets, const H &hash = H(), const Q &equal = Q());
  __EMB_ASSOCIATIVE(unordered_map, value_type)
  __EMB_UNIQUE
  __EMB_MAP_ACCESS
  __EMB_HASHED
};
template <class K, class V, class H = hash<K>, class Q = equal_to<K>, class A = allocator<pair<const K, V>>> class unordered_multimap {
public:
  using value_type = pair<const K, V>;
  using mapped_type = V;
  __EMB_ITERATORS(__node_iterator<value_type>, __node_iterator<const value_type>)
  __EMB_ASSOCIATIVE(unordered_multimap, value_type)
  __EMB_MULTI
  __EMB_HASHED
};
template <class K, class H = hash<K>, class Q = equal_to<K>, class A = allocator<K>> class unordered_set {
public:
  using value_type = K;
  __EMB_ITERATORS(__node_iterator<const K>, __node_iterator<const K>)
  explicit unordered_set(size_t buckets, const H &hash = H(), const Q &equal = Q());
  __EMB_ASSOCIATIVE(unordered_set, const K)
  __EMB_UNIQUE
  __EMB_HASHED
};
template <class K, class H = hash<K>, class Q = equal_to<K>, class A = allocator<K>> class unordered_multiset {
public:
  using value_type = K;
  __EMB_ITERATORS(__node_iterator<const K>, __node_iterator<const K>)
  __EMB_ASSOCIATIVE(unordered_multiset, const K)
  __EMB_MULTI
  __EMB_HASHED
};
template <class K, class V, class C, class A> bool operator==(const map<K, V, C, A> &a, const map<K, V, C, A> &b);
template <class K, class V, class C, class A> bool operator!=(const map<K, V, C, A> &a, const map<K, V, C, A> &b);
template <class K, class C, class A> bool operator==(const set<K, C, A> &a, const set<K, C, A> &b);
template <class K, class C, class A> bool operator!=(const set<K, C, A> &a, const set<K, C, A> &b);
template <class K, class C, class A> bool operator<(const set<K, C, A> &a, const set<K, C, A> &b);
} // namespace std
