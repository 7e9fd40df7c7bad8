// <iostream>, <sstream>, <fstream>, <iomanip>, <locale>, <filesystem> (light), <regex> (light).
#pragma once
#pragma clang system_header
#include "strings.h"
#include "chrono.h"

namespace std {
class locale {
public:
  locale() noexcept;
  locale(const locale &other) noexcept;
  explicit locale(const char *name);
  explicit locale(const string &name);
  template <class F> locale(const locale &other, F *facet);
  ~locale();
  locale &operator=(const locale &other) noexcept;
  string name() const;
  static const locale &classic();
  static locale global(const locale &other);
};
template <class C> class numpunct {
public:
  explicit numpunct(size_t references = 0);

protected:
  virtual ~numpunct();
  virtual C do_thousands_sep() const;
  virtual C do_decimal_point() const;
  virtual string do_grouping() const;
};
template <class C> C tolower(C c, const locale &where);
template <class C> C toupper(C c, const locale &where);
template <class C> bool isspace(C c, const locale &where);

class ios_base {
public:
  class failure : public system_error {
  public:
    explicit failure(const string &what);
    explicit failure(const char *what);
  };
  enum fmtflags : unsigned { boolalpha = 1, dec = 2, fixed = 4, hex = 8, internal = 16, left = 32, oct = 64, right = 128, scientific = 256, showbase = 512, showpoint = 1024, showpos = 2048, skipws = 4096, unitbuf = 8192, uppercase = 16384, adjustfield = 176, basefield = 74, floatfield = 260 };
  enum iostate : unsigned { goodbit = 0, badbit = 1, eofbit = 2, failbit = 4 };
  enum openmode : unsigned { app = 1, ate = 2, binary = 4, in = 8, out = 16, trunc = 32 };
  enum seekdir : unsigned { beg = 0, cur = 1, end = 2 };
  friend constexpr openmode operator|(openmode a, openmode b) { return openmode(unsigned(a) | unsigned(b)); }
  friend constexpr openmode operator&(openmode a, openmode b) { return openmode(unsigned(a) & unsigned(b)); }
  friend openmode &operator|=(openmode &a, openmode b);
  friend constexpr iostate operator|(iostate a, iostate b) { return iostate(unsigned(a) | unsigned(b)); }
  friend constexpr fmtflags operator|(fmtflags a, fmtflags b) { return fmtflags(unsigned(a) | unsigned(b)); }
  fmtflags flags() const;
  fmtflags flags(fmtflags value);
  fmtflags setf(fmtflags value);
  fmtflags setf(fmtflags value, fmtflags mask);
  void unsetf(fmtflags mask);
  streamsize precision() const;
  streamsize precision(streamsize value);
  streamsize width() const;
  streamsize width(streamsize value);
  locale imbue(const locale &where);
  locale getloc() const;
  static int xalloc();
  long &iword(int index);
  void *&pword(int index);
  static bool sync_with_stdio(bool value = true);
  virtual ~ios_base();
};
template <class C, class R = char_traits<C>> class basic_streambuf {
public:
  virtual ~basic_streambuf();
  streamsize in_avail();
  int sgetc();
  int sbumpc();
  int sputc(C c);
  streamsize sgetn(C *to, streamsize n);
  streamsize sputn(const C *from, streamsize n);

protected:
  virtual int overflow(int c = -1);
  virtual int underflow();
  virtual int sync();
  virtual streamsize xsputn(const C *from, streamsize n);
  void setg(C *begin, C *now, C *end);
  void setp(C *begin, C *end);
};
template <class C, class R = char_traits<C>> class basic_ostream;
template <class C, class R = char_traits<C>> class basic_istream;
template <class C, class R = char_traits<C>> class basic_ios : public ios_base {
public:
  bool good() const;
  bool eof() const;
  bool fail() const;
  bool bad() const;
  iostate rdstate() const;
  void clear(iostate state = goodbit);
  void setstate(iostate state);
  iostate exceptions() const;
  void exceptions(iostate mask);
  explicit operator bool() const;
  bool operator!() const;
  C fill() const;
  C fill(C c);
  basic_streambuf<C, R> *rdbuf() const;
  basic_streambuf<C, R> *rdbuf(basic_streambuf<C, R> *buffer);
  basic_ostream<C, R> *tie(basic_ostream<C, R> *stream);
  basic_ios &copyfmt(const basic_ios &other);
};
using ios = basic_ios<char>;

template <class C, class R> class basic_ostream : virtual public basic_ios<C, R> {
public:
  explicit basic_ostream(basic_streambuf<C, R> *buffer);
  basic_ostream(const basic_ostream &) = delete;
  virtual ~basic_ostream();
  basic_ostream &operator<<(bool value);
  basic_ostream &operator<<(short value);
  basic_ostream &operator<<(unsigned short value);
  basic_ostream &operator<<(int value);
  basic_ostream &operator<<(unsigned int value);
  basic_ostream &operator<<(long value);
  basic_ostream &operator<<(unsigned long value);
  basic_ostream &operator<<(long long value);
  basic_ostream &operator<<(unsigned long long value);
  basic_ostream &operator<<(float value);
  basic_ostream &operator<<(double value);
  basic_ostream &operator<<(long double value);
  basic_ostream &operator<<(const void *value);
  basic_ostream &operator<<(nullptr_t);
  basic_ostream &operator<<(basic_streambuf<C, R> *buffer);
  basic_ostream &operator<<(basic_ostream &(*manipulator)(basic_ostream &));
  basic_ostream &operator<<(basic_ios<C, R> &(*manipulator)(basic_ios<C, R> &));
  basic_ostream &operator<<(ios_base &(*manipulator)(ios_base &));
  basic_ostream &put(C c);
  basic_ostream &write(const C *from, streamsize n);
  basic_ostream &flush();
  streampos tellp();
  basic_ostream &seekp(streampos at);
  basic_ostream &seekp(streamoff offset, ios_base::seekdir direction);

protected:
  basic_ostream();
};
template <class C, class R> class basic_istream : virtual public basic_ios<C, R> {
public:
  explicit basic_istream(basic_streambuf<C, R> *buffer);
  basic_istream(const basic_istream &) = delete;
  virtual ~basic_istream();
  basic_istream &operator>>(bool &value);
  basic_istream &operator>>(short &value);
  basic_istream &operator>>(unsigned short &value);
  basic_istream &operator>>(int &value);
  basic_istream &operator>>(unsigned int &value);
  basic_istream &operator>>(long &value);
  basic_istream &operator>>(unsigned long &value);
  basic_istream &operator>>(long long &value);
  basic_istream &operator>>(unsigned long long &value);
  basic_istream &operator>>(float &value);
  basic_istream &operator>>(double &value);
  basic_istream &operator>>(long double &value);
  basic_istream &operator>>(void *&value);
  basic_istream &operator>>(basic_istream &(*manipulator)(basic_istream &));
  basic_istream &operator>>(ios_base &(*manipulator)(ios_base &));
  int get();
  basic_istream &get(C &c);
  basic_istream &get(C *to, streamsize n);
  basic_istream &getline(C *to, streamsize n);
  basic_istream &getline(C *to, streamsize n, C stop);
  basic_istream &ignore(streamsize n = 1, int stop = -1);
  int peek();
  basic_istream &read(C *to, streamsize n);
  streamsize readsome(C *to, streamsize n);
  streamsize gcount() const;
  basic_istream &unget();
  basic_istream &putback(C c);
  streampos tellg();
  basic_istream &seekg(streampos at);
  basic_istream &seekg(streamoff offset, ios_base::seekdir direction);

protected:
  basic_istream();
};
template <class C, class R = char_traits<C>> class basic_iostream : public basic_istream<C, R>, public basic_ostream<C, R> {
protected:
  basic_iostream();
};
using ostream = basic_ostream<char>;
using istream = basic_istream<char>;
using iostream = basic_iostream<char>;
using streambuf = basic_streambuf<char>;
using wostream = basic_ostream<wchar_t>;
using wistream = basic_istream<wchar_t>;
template <class R> basic_ostream<char, R> &operator<<(basic_ostream<char, R> &stream, char c);
template <class R> basic_ostream<char, R> &operator<<(basic_ostream<char, R> &stream, signed char c);
template <class R> basic_ostream<char, R> &operator<<(basic_ostream<char, R> &stream, unsigned char c);
template <class R> basic_ostream<char, R> &operator<<(basic_ostream<char, R> &stream, const char *text);
template <class R> basic_ostream<char, R> &operator<<(basic_ostream<char, R> &stream, const signed char *text);
template <class R> basic_ostream<char, R> &operator<<(basic_ostream<char, R> &stream, const unsigned char *text);
template <class R> basic_ostream<wchar_t, R> &operator<<(basic_ostream<wchar_t, R> &stream, wchar_t c);
template <class R> basic_ostream<wchar_t, R> &operator<<(basic_ostream<wchar_t, R> &stream, const wchar_t *text);
template <class C, class R, class A> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, const basic_string<C, R, A> &text);
template <class C, class R> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, basic_string_view<C, R> text);
template <class C, class R, size_t n> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, const bitset<n> &value);
template <class C, class R, class T> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, const shared_ptr<T> &value);
template <class C, class R> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, const error_code &value);
template <class S, class T, class = enable_if_t<__is_base_of(ios_base, S)>> S &&operator<<(S &&stream, const T &value);
template <class R> basic_istream<char, R> &operator>>(basic_istream<char, R> &stream, char &c);
template <class R> basic_istream<char, R> &operator>>(basic_istream<char, R> &stream, unsigned char &c);
template <class R> basic_istream<char, R> &operator>>(basic_istream<char, R> &stream, char *text);
template <class C, class R, class A> basic_istream<C, R> &operator>>(basic_istream<C, R> &stream, basic_string<C, R, A> &text);
template <class C, class R, class A> basic_istream<C, R> &getline(basic_istream<C, R> &stream, basic_string<C, R, A> &text);
template <class C, class R, class A> basic_istream<C, R> &getline(basic_istream<C, R> &stream, basic_string<C, R, A> &text, C stop);
template <class C, class R, class A> basic_istream<C, R> &getline(basic_istream<C, R> &&stream, basic_string<C, R, A> &text, C stop);
template <class C, class R> basic_ostream<C, R> &endl(basic_ostream<C, R> &stream);
template <class C, class R> basic_ostream<C, R> &ends(basic_ostream<C, R> &stream);
template <class C, class R> basic_ostream<C, R> &flush(basic_ostream<C, R> &stream);
template <class C, class R> basic_istream<C, R> &ws(basic_istream<C, R> &stream);
extern istream cin;
extern ostream cout;
extern ostream cerr;
extern ostream clog;
extern wostream wcout;
extern wostream wcerr;

// manipulators
ios_base &boolalpha(ios_base &stream);
ios_base &noboolalpha(ios_base &stream);
ios_base &showbase(ios_base &stream);
ios_base &noshowbase(ios_base &stream);
ios_base &showpoint(ios_base &stream);
ios_base &noshowpoint(ios_base &stream);
ios_base &showpos(ios_base &stream);
ios_base &noshowpos(ios_base &stream);
ios_base &skipws(ios_base &stream);
ios_base &noskipws(ios_base &stream);
ios_base &uppercase(ios_base &stream);
ios_base &nouppercase(ios_base &stream);
ios_base &unitbuf(ios_base &stream);
ios_base &internal(ios_base &stream);
ios_base &left(ios_base &stream);
ios_base &right(ios_base &stream);
ios_base &dec(ios_base &stream);
ios_base &hex(ios_base &stream);
ios_base &oct(ios_base &stream);
ios_base &fixed(ios_base &stream);
ios_base &scientific(ios_base &stream);
ios_base &hexfloat(ios_base &stream);
ios_base &defaultfloat(ios_base &stream);
struct __manipulator {};
__manipulator setw(int n);
__manipulator setprecision(int n);
__manipulator setbase(int n);
template <class C> __manipulator setfill(C c);
__manipulator setiosflags(ios_base::fmtflags flags);
__manipulator resetiosflags(ios_base::fmtflags flags);
template <class T> __manipulator put_time(const T *time, const char *format);
template <class T> __manipulator get_time(T *time, const char *format);
template <class T> __manipulator quoted(const T &text);
template <class C, class R> basic_ostream<C, R> &operator<<(basic_ostream<C, R> &stream, __manipulator m);
template <class C, class R> basic_istream<C, R> &operator>>(basic_istream<C, R> &stream, __manipulator m);

// string streams
template <class C> class basic_stringbuf : public basic_streambuf<C> {
public:
  basic_string<C> str() const;
  void str(const basic_string<C> &text);
};
#define __EMB_STRING_STREAM(name, base)                          \
  template <class C, class R = char_traits<C>, class A = allocator<C>> class name : public base<C, R> { \
  public:                                                        \
    name();                                                      \
    explicit name(ios_base::openmode mode);                      \
    explicit name(const basic_string<C, R, A> &text, ios_base::openmode mode = ios_base::in); \
    name(name &&other);                                          \
    ~name();                                                     \
    name &operator=(name &&other);                               \
    basic_string<C, R, A> str() const;                           \
    void str(const basic_string<C, R, A> &text);                 \
    basic_stringbuf<C> *rdbuf() const;                           \
  };
__EMB_STRING_STREAM(basic_ostringstream, basic_ostream)
__EMB_STRING_STREAM(basic_istringstream, basic_istream)
__EMB_STRING_STREAM(basic_stringstream, basic_iostream)
using ostringstream = basic_ostringstream<char>;
using istringstream = basic_istringstream<char>;
using stringstream = basic_stringstream<char>;
using wstringstream = basic_stringstream<wchar_t>;
using stringbuf = basic_stringbuf<char>;

// filesystem
namespace filesystem {
class path {
public:
  using value_type = char;
  using string_type = string;
  path() noexcept;
  path(const path &other);
  path(const char *text);
  path(const string &text);
  path(string_view text);
  template <class I> path(I first, I last);
  ~path();
  path &operator=(const path &other);
  path &operator/=(const path &part);
  path &operator+=(const path &part);
  path &append(const path &part);
  path &replace_extension(const path &extension = path());
  path &replace_filename(const path &name);
  path &remove_filename();
  path filename() const;
  path stem() const;
  path extension() const;
  path parent_path() const;
  path root_path() const;
  path relative_path() const;
  path lexically_normal() const;
  bool empty() const noexcept;
  bool has_extension() const;
  bool has_filename() const;
  bool has_parent_path() const;
  bool is_absolute() const;
  bool is_relative() const;
  std::string string() const;
  std::string generic_string() const;
  std::wstring wstring() const;
  const std::string &native() const noexcept;
  const char *c_str() const noexcept;
  operator std::string() const;
  const path *begin() const;
  const path *end() const;
};
path operator/(const path &a, const path &b);
bool operator==(const path &a, const path &b) noexcept;
bool operator!=(const path &a, const path &b) noexcept;
bool operator<(const path &a, const path &b) noexcept;
ostream &operator<<(ostream &stream, const path &value);
enum class file_type { none, not_found, regular, directory, symlink, block, character, fifo, socket, unknown };
enum class copy_options { none = 0, skip_existing = 1, overwrite_existing = 2, recursive = 8 };
enum class perms { none = 0, all = 0777 };
using file_time_type = chrono::system_clock::time_point;
class file_status {
public:
  file_type type() const noexcept;
};
class filesystem_error : public system_error {
public:
  filesystem_error(const std::string &what, error_code code);
};
struct space_info {
  unsigned long capacity;
  unsigned long free;
  unsigned long available;
};
class directory_entry {
public:
  const filesystem::path &path() const noexcept;
  operator const filesystem::path &() const noexcept;
  bool exists() const;
  bool is_directory() const;
  bool is_regular_file() const;
  unsigned long file_size() const;
};
#define __EMB_DIRECTORY_ITERATOR(name)                    \
  class name {                                            \
  public:                                                 \
    using iterator_category = input_iterator_tag;         \
    using value_type = directory_entry;                   \
    using difference_type = ptrdiff_t;                    \
    using pointer = const directory_entry *;              \
    using reference = const directory_entry &;            \
    name() noexcept;                                      \
    explicit name(const path &where);                     \
    name(const path &where, error_code &error);           \
    const directory_entry &operator*() const;             \
    const directory_entry *operator->() const;            \
    name &operator++();                                   \
    bool operator==(const name &other) const;             \
    bool operator!=(const name &other) const;             \
  };                                                      \
  name begin(name it) noexcept;                           \
  name end(const name &it) noexcept;
__EMB_DIRECTORY_ITERATOR(directory_iterator)
__EMB_DIRECTORY_ITERATOR(recursive_directory_iterator)
bool exists(const path &where);
bool exists(const path &where, error_code &error) noexcept;
bool is_directory(const path &where);
bool is_regular_file(const path &where);
bool is_empty(const path &where);
bool create_directory(const path &where);
bool create_directories(const path &where);
bool create_directories(const path &where, error_code &error);
bool remove(const path &where);
bool remove(const path &where, error_code &error) noexcept;
unsigned long remove_all(const path &where);
void rename(const path &from, const path &to);
bool copy_file(const path &from, const path &to, copy_options options = copy_options::none);
void copy(const path &from, const path &to, copy_options options = copy_options::none);
unsigned long file_size(const path &where);
unsigned long file_size(const path &where, error_code &error) noexcept;
file_status status(const path &where, error_code &error) noexcept;
void resize_file(const path &where, unsigned long size);
file_time_type last_write_time(const path &where);
path absolute(const path &where);
path canonical(const path &where);
path weakly_canonical(const path &where);
path relative(const path &where, const path &base = path());
path current_path();
void current_path(const path &where);
path temp_directory_path();
file_status status(const path &where);
space_info space(const path &where);
} // namespace filesystem
namespace experimental {
namespace filesystem = std::filesystem;
}

// file streams
template <class C> class basic_filebuf : public basic_streambuf<C> {
public:
  bool is_open() const;
};
#define __EMB_FILE_STREAM(name, base, mode)                                             \
  template <class C, class R = char_traits<C>> class name : public base<C, R> {         \
  public:                                                                               \
    name();                                                                             \
    explicit name(const char *path, ios_base::openmode m = mode);                       \
    explicit name(const string &path, ios_base::openmode m = mode);                     \
    explicit name(const filesystem::path &path, ios_base::openmode m = mode);           \
    name(name &&other);                                                                 \
    ~name();                                                                            \
    name &operator=(name &&other);                                                      \
    bool is_open() const;                                                               \
    void open(const char *path, ios_base::openmode m = mode);                           \
    void open(const string &path, ios_base::openmode m = mode);                         \
    void open(const filesystem::path &path, ios_base::openmode m = mode);               \
    void close();                                                                       \
    basic_filebuf<C> *rdbuf() const;                                                    \
  };
__EMB_FILE_STREAM(basic_ofstream, basic_ostream, ios_base::out)
__EMB_FILE_STREAM(basic_ifstream, basic_istream, ios_base::in)
__EMB_FILE_STREAM(basic_fstream, basic_iostream, ios_base::in)
using ofstream = basic_ofstream<char>;
using ifstream = basic_ifstream<char>;
using fstream = basic_fstream<char>;
using wofstream = basic_ofstream<wchar_t>;
using wifstream = basic_ifstream<wchar_t>;

// stream iterators
template <class T, class C = char> struct istream_iterator {
  using iterator_category = input_iterator_tag;
  using value_type = T;
  using difference_type = ptrdiff_t;
  using pointer = const T *;
  using reference = const T &;
  istream_iterator();
  istream_iterator(basic_istream<C> &stream);
  const T &operator*() const;
  istream_iterator &operator++();
  bool operator==(const istream_iterator &other) const;
  bool operator!=(const istream_iterator &other) const;
};
template <class C> struct istreambuf_iterator {
  using iterator_category = input_iterator_tag;
  using value_type = C;
  using difference_type = ptrdiff_t;
  using pointer = const C *;
  using reference = C;
  istreambuf_iterator() noexcept;
  istreambuf_iterator(basic_istream<C> &stream) noexcept;
  istreambuf_iterator(basic_streambuf<C> *buffer) noexcept;
  C operator*() const;
  istreambuf_iterator &operator++();
  bool operator==(const istreambuf_iterator &other) const;
  bool operator!=(const istreambuf_iterator &other) const;
};
template <class T, class C = char> struct ostream_iterator : __output_iterator {
  ostream_iterator(basic_ostream<C> &stream, const C *separator = nullptr);
  ostream_iterator &operator=(const T &value);
  ostream_iterator &operator*();
  ostream_iterator &operator++();
};
template <class C> struct ostreambuf_iterator : __output_iterator {
  ostreambuf_iterator(basic_ostream<C> &stream) noexcept;
};

// regex
namespace regex_constants {
enum syntax_option_type : unsigned { icase = 1, nosubs = 2, optimize = 4, ECMAScript = 16, extended = 64 };
enum match_flag_type : unsigned { match_default = 0, format_first_only = 512 };
constexpr syntax_option_type operator|(syntax_option_type a, syntax_option_type b) { return syntax_option_type(unsigned(a) | unsigned(b)); }
} // namespace regex_constants
class regex_error : public runtime_error {
public:
  explicit regex_error(int code);
};
template <class C> class basic_regex {
public:
  static constexpr regex_constants::syntax_option_type icase = regex_constants::icase;
  static constexpr regex_constants::syntax_option_type ECMAScript = regex_constants::ECMAScript;
  static constexpr regex_constants::syntax_option_type optimize = regex_constants::optimize;
  basic_regex();
  explicit basic_regex(const C *text, regex_constants::syntax_option_type f = regex_constants::ECMAScript);
  explicit basic_regex(const basic_string<C> &text, regex_constants::syntax_option_type f = regex_constants::ECMAScript);
  basic_regex &operator=(const C *text);
  basic_regex &assign(const basic_string<C> &text, regex_constants::syntax_option_type f = regex_constants::ECMAScript);
};
template <class I> struct sub_match : pair<I, I> {
  bool matched;
  string str() const;
  size_t length() const;
  operator string() const;
};
template <class I> class match_results {
public:
  bool ready() const;
  bool empty() const;
  size_t size() const;
  const sub_match<I> &operator[](size_t i) const;
  string str(size_t i = 0) const;
  size_t position(size_t i = 0) const;
  size_t length(size_t i = 0) const;
  const sub_match<I> &prefix() const;
  const sub_match<I> &suffix() const;
  const sub_match<I> *begin() const;
  const sub_match<I> *end() const;
};
using regex = basic_regex<char>;
using wregex = basic_regex<wchar_t>;
using ssub_match = sub_match<string::const_iterator>;
using smatch = match_results<string::const_iterator>;
using cmatch = match_results<const char *>;
ostream &operator<<(ostream &stream, const ssub_match &match);
bool regex_match(const string &text, const regex &pattern);
bool regex_match(const string &text, smatch &match, const regex &pattern);
bool regex_match(const char *text, const regex &pattern);
bool regex_match(const char *text, cmatch &match, const regex &pattern);
bool regex_search(const string &text, const regex &pattern);
bool regex_search(const string &text, smatch &match, const regex &pattern);
bool regex_search(const char *text, const regex &pattern);
template <class I> bool regex_search(I first, I last, match_results<I> &match, const regex &pattern);
string regex_replace(const string &text, const regex &pattern, const string &with, regex_constants::match_flag_type f = regex_constants::match_default);
template <class I> struct __regex_iterator {
  using iterator_category = forward_iterator_tag;
  using value_type = match_results<I>;
  using difference_type = ptrdiff_t;
  using pointer = const value_type *;
  using reference = const value_type &;
  __regex_iterator();
  __regex_iterator(I first, I last, const regex &pattern, int which = 0);
  const value_type &operator*() const;
  const value_type *operator->() const;
  __regex_iterator &operator++();
  __regex_iterator operator++(int);
  bool operator==(const __regex_iterator &other) const;
  bool operator!=(const __regex_iterator &other) const;
};
using sregex_iterator = __regex_iterator<string::const_iterator>;
using sregex_token_iterator = __regex_iterator<string::const_iterator>;
} // namespace std
