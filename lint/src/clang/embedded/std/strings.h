// <string>, <string_view>, <charconv>, <format> (light): strings and their conversions.
#pragma once
#pragma clang system_header
#include "containers.h"

namespace std {
using streamoff = long;
using streamsize = long;
using streampos = long;
template <class C> struct char_traits {
  using char_type = C;
  using int_type = int;
  static size_t length(const C *text);
  static int compare(const C *a, const C *b, size_t n);
  static C *copy(C *to, const C *from, size_t n);
  static constexpr int eof() noexcept { return -1; }
};
template <class C, class R = char_traits<C>, class A = allocator<C>> class basic_string;
template <class C, class R = char_traits<C>> class basic_string_view {
public:
  using value_type = C;
  using traits_type = R;
  using size_type = size_t;
  using iterator = const C *;
  using const_iterator = const C *;
  static constexpr size_t npos = ~size_t(0);
  constexpr basic_string_view() noexcept : __data(nullptr), __size(0) {}
  constexpr basic_string_view(const C *text) : __data(text), __size(__builtin_strlen(text)) {}
  constexpr basic_string_view(const C *text, size_t size) : __data(text), __size(size) {}
  template <class A> basic_string_view(const basic_string<C, R, A> &text) noexcept;
  constexpr const C *data() const noexcept { return __data; }
  constexpr size_t size() const noexcept { return __size; }
  constexpr size_t length() const noexcept { return __size; }
  constexpr bool empty() const noexcept { return __size == 0; }
  constexpr const C *begin() const noexcept { return __data; }
  constexpr const C *end() const noexcept { return __data + __size; }
  constexpr const C &operator[](size_t i) const { return __data[i]; }
  const C &at(size_t i) const;
  const C &front() const;
  const C &back() const;
  void remove_prefix(size_t n);
  void remove_suffix(size_t n);
  basic_string_view substr(size_t at = 0, size_t n = npos) const;
  int compare(basic_string_view other) const;
  size_t find(basic_string_view text, size_t at = 0) const;
  size_t find(C c, size_t at = 0) const;
  size_t rfind(basic_string_view text, size_t at = npos) const;
  size_t rfind(C c, size_t at = npos) const;
  size_t find_first_of(basic_string_view set, size_t at = 0) const;
  size_t find_last_of(basic_string_view set, size_t at = npos) const;
  size_t find_first_not_of(basic_string_view set, size_t at = 0) const;
  size_t find_last_not_of(basic_string_view set, size_t at = npos) const;
  bool starts_with(basic_string_view text) const;
  bool ends_with(basic_string_view text) const;

private:
  const C *__data;
  size_t __size;
};
template <class C, class R, class A> class basic_string {
public:
  __EMB_VALUE_TYPES(C)
  __EMB_ITERATORS(C *, const C *)
  using traits_type = R;
  using allocator_type = A;
  using __view = basic_string_view<C, R>;
  static constexpr size_t npos = ~size_t(0);
  basic_string() noexcept;
  explicit basic_string(const A &allocator) noexcept;
  basic_string(const C *text, const A &allocator = A());
  basic_string(const C *text, size_t size, const A &allocator = A());
  basic_string(size_t count, C c, const A &allocator = A());
  basic_string(const basic_string &other);
  basic_string(const basic_string &other, size_t at, size_t n = npos);
  basic_string(basic_string &&other) noexcept;
  template <class I, class = __if_iterator<I>> basic_string(I first, I last, const A &allocator = A());
  basic_string(initializer_list<C> values);
  explicit basic_string(__view text);
  basic_string(nullptr_t) = delete;
  ~basic_string();
  basic_string &operator=(const basic_string &other);
  basic_string &operator=(basic_string &&other) noexcept;
  basic_string &operator=(const C *text);
  basic_string &operator=(C c);
  basic_string &operator=(__view text);
  const C *c_str() const noexcept;
  const C *data() const noexcept;
  C *data() noexcept;
  size_t size() const noexcept;
  size_t length() const noexcept;
  size_t capacity() const noexcept;
  size_t max_size() const noexcept;
  bool empty() const noexcept;
  C &operator[](size_t i);
  const C &operator[](size_t i) const;
  C &at(size_t i);
  const C &at(size_t i) const;
  C &front();
  const C &front() const;
  C &back();
  const C &back() const;
  void clear() noexcept;
  void reserve(size_t n = 0);
  void resize(size_t n);
  void resize(size_t n, C c);
  void shrink_to_fit();
  void push_back(C c);
  void pop_back();
  basic_string &operator+=(const basic_string &text);
  basic_string &operator+=(const C *text);
  basic_string &operator+=(C c);
  basic_string &operator+=(initializer_list<C> values);
  basic_string &append(const basic_string &text);
  basic_string &append(const basic_string &text, size_t at, size_t n = npos);
  basic_string &append(const C *text);
  basic_string &append(const C *text, size_t n);
  basic_string &append(size_t count, C c);
  template <class I, class = __if_iterator<I>> basic_string &append(I first, I last);
  basic_string &assign(const basic_string &text);
  basic_string &assign(const C *text);
  basic_string &assign(const C *text, size_t n);
  basic_string &assign(size_t count, C c);
  template <class I, class = __if_iterator<I>> basic_string &assign(I first, I last);
  basic_string &insert(size_t at, const basic_string &text);
  basic_string &insert(size_t at, const C *text);
  basic_string &insert(size_t at, size_t count, C c);
  iterator insert(const_iterator at, C c);
  basic_string &erase(size_t at = 0, size_t n = npos);
  iterator erase(const_iterator at);
  iterator erase(const_iterator first, const_iterator last);
  basic_string &replace(size_t at, size_t n, const basic_string &text);
  basic_string &replace(size_t at, size_t n, const C *text);
  basic_string &replace(size_t at, size_t n, size_t count, C c);
  basic_string &replace(const_iterator first, const_iterator last, const basic_string &text);
  basic_string substr(size_t at = 0, size_t n = npos) const;
  size_t copy(C *to, size_t n, size_t at = 0) const;
  int compare(const basic_string &other) const;
  int compare(const C *other) const;
  int compare(size_t at, size_t n, const basic_string &other) const;
  int compare(size_t at, size_t n, const C *other) const;
  int compare(size_t at, size_t n, const basic_string &other, size_t at2, size_t n2) const;
  size_t find(const basic_string &text, size_t at = 0) const;
  size_t find(const C *text, size_t at = 0) const;
  size_t find(C c, size_t at = 0) const;
  size_t rfind(const basic_string &text, size_t at = npos) const;
  size_t rfind(const C *text, size_t at = npos) const;
  size_t rfind(C c, size_t at = npos) const;
  size_t find_first_of(const basic_string &set, size_t at = 0) const;
  size_t find_first_of(const C *set, size_t at = 0) const;
  size_t find_first_of(C c, size_t at = 0) const;
  size_t find_last_of(const basic_string &set, size_t at = npos) const;
  size_t find_last_of(const C *set, size_t at = npos) const;
  size_t find_last_of(C c, size_t at = npos) const;
  size_t find_first_not_of(const basic_string &set, size_t at = 0) const;
  size_t find_first_not_of(const C *set, size_t at = 0) const;
  size_t find_first_not_of(C c, size_t at = 0) const;
  size_t find_last_not_of(const basic_string &set, size_t at = npos) const;
  size_t find_last_not_of(const C *set, size_t at = npos) const;
  size_t find_last_not_of(C c, size_t at = npos) const;
  bool starts_with(__view text) const noexcept;
  bool ends_with(__view text) const noexcept;
  bool contains(__view text) const noexcept;
  void swap(basic_string &other) noexcept;
  A get_allocator() const noexcept;
};
using string = basic_string<char>;
using wstring = basic_string<wchar_t>;
using u16string = basic_string<char16_t>;
using u32string = basic_string<char32_t>;
using string_view = basic_string_view<char>;
using wstring_view = basic_string_view<wchar_t>;

template <class C, class R, class A> basic_string<C, R, A> operator+(const basic_string<C, R, A> &a, const basic_string<C, R, A> &b);
template <class C, class R, class A> basic_string<C, R, A> operator+(const basic_string<C, R, A> &a, const C *b);
template <class C, class R, class A> basic_string<C, R, A> operator+(const basic_string<C, R, A> &a, C b);
template <class C, class R, class A> basic_string<C, R, A> operator+(const C *a, const basic_string<C, R, A> &b);
template <class C, class R, class A> basic_string<C, R, A> operator+(C a, const basic_string<C, R, A> &b);
#define __EMB_STRING_COMPARE(op)                                                                                              \
  template <class C, class R, class A> bool operator op(const basic_string<C, R, A> &a, const basic_string<C, R, A> &b) noexcept; \
  template <class C, class R, class A> bool operator op(const basic_string<C, R, A> &a, const C *b);                          \
  template <class C, class R, class A> bool operator op(const C *a, const basic_string<C, R, A> &b);                          \
  template <class C, class R> bool operator op(basic_string_view<C, R> a, basic_string_view<C, R> b) noexcept;                \
  template <class C, class R> bool operator op(basic_string_view<C, R> a, const type_identity_t<basic_string_view<C, R>> &b) noexcept; \
  template <class C, class R> bool operator op(const type_identity_t<basic_string_view<C, R>> &a, basic_string_view<C, R> b) noexcept;
__EMB_STRING_COMPARE(==)
__EMB_STRING_COMPARE(!=)
__EMB_STRING_COMPARE(<)
__EMB_STRING_COMPARE(>)
__EMB_STRING_COMPARE(<=)
__EMB_STRING_COMPARE(>=)

string to_string(int value);
string to_string(unsigned value);
string to_string(long value);
string to_string(unsigned long value);
string to_string(long long value);
string to_string(unsigned long long value);
string to_string(float value);
string to_string(double value);
string to_string(long double value);
wstring to_wstring(int value);
wstring to_wstring(double value);
int stoi(const string &text, size_t *used = nullptr, int base = 10);
long stol(const string &text, size_t *used = nullptr, int base = 10);
long long stoll(const string &text, size_t *used = nullptr, int base = 10);
unsigned long stoul(const string &text, size_t *used = nullptr, int base = 10);
unsigned long long stoull(const string &text, size_t *used = nullptr, int base = 10);
float stof(const string &text, size_t *used = nullptr);
double stod(const string &text, size_t *used = nullptr);
long double stold(const string &text, size_t *used = nullptr);
inline namespace literals {
inline namespace string_literals {
string operator""s(const char *text, size_t size);
}
inline namespace string_view_literals {
constexpr string_view operator""sv(const char *text, size_t size) noexcept { return string_view(text, size); }
}
} // namespace literals

// exceptions that carry a message
class logic_error : public exception {
public:
  explicit logic_error(const string &what);
  explicit logic_error(const char *what);
  const char *what() const noexcept override;
};
class runtime_error : public exception {
public:
  explicit runtime_error(const string &what);
  explicit runtime_error(const char *what);
  const char *what() const noexcept override;
};
#define __EMB_ERROR(name, base)        \
  class name : public base {           \
  public:                              \
    explicit name(const string &what); \
    explicit name(const char *what);   \
  };
__EMB_ERROR(domain_error, logic_error)
__EMB_ERROR(invalid_argument, logic_error)
__EMB_ERROR(length_error, logic_error)
__EMB_ERROR(out_of_range, logic_error)
__EMB_ERROR(range_error, runtime_error)
__EMB_ERROR(overflow_error, runtime_error)
__EMB_ERROR(underflow_error, runtime_error)

// system_error, charconv
enum class errc { success = 0, invalid_argument = 22, result_out_of_range = 34, no_such_file_or_directory = 2, not_enough_memory = 12 };
class error_category {
public:
  virtual ~error_category();
  virtual const char *name() const noexcept = 0;
  virtual string message(int code) const = 0;
};
const error_category &system_category() noexcept;
const error_category &generic_category() noexcept;
class error_code {
public:
  error_code() noexcept;
  error_code(int value, const error_category &category) noexcept;
  int value() const noexcept;
  const error_category &category() const noexcept;
  string message() const;
  void clear() noexcept;
  explicit operator bool() const noexcept;
};
class error_condition {
public:
  int value() const noexcept;
};
bool operator==(const error_code &a, const error_code &b) noexcept;
bool operator!=(const error_code &a, const error_code &b) noexcept;
error_code make_error_code(errc code) noexcept;
template <class E> struct is_error_code_enum : false_type {};
class system_error : public runtime_error {
public:
  system_error(error_code code);
  system_error(error_code code, const string &what);
  system_error(int value, const error_category &category, const string &what = string());
  const error_code &code() const noexcept;
};
enum class chars_format { scientific = 1, fixed = 2, hex = 4, general = 3 };
struct from_chars_result {
  const char *ptr;
  errc ec;
};
struct to_chars_result {
  char *ptr;
  errc ec;
};
template <class T> from_chars_result from_chars(const char *first, const char *last, T &value, int base = 10);
template <class T> to_chars_result to_chars(char *first, char *last, T value, int base = 10);
template <class... A> string format(string_view text, A &&...args);
template <class... A> string vformat(string_view text, A &&...args);
template <class... A> void print(string_view text, A &&...args);
template <class... A> void println(string_view text, A &&...args);
} // namespace std
