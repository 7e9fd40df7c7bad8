// The C library proper: stdio, stdlib, string, strings, ctype, time, signal, setjmp, locale, wchar.
// Constness of pointer parameters follows the standard: it tells reads from writes.
#pragma once
#pragma clang system_header
#include "c_base.h"

// stdio
typedef struct _IO_FILE FILE;
typedef struct {
  long __pos;
} fpos_t;
#define EOF (-1)
#define BUFSIZ 8192
#define FILENAME_MAX 4096
#define FOPEN_MAX 16
#define TMP_MAX 238328
#define L_tmpnam 20
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

__EMB_BEGIN_C
extern FILE *stdin;
extern FILE *stdout;
extern FILE *stderr;
__EMB_HD int printf(const char *format, ...);
__EMB_HD int vprintf(const char *format, va_list args);
int fprintf(FILE *file, const char *format, ...);
int vfprintf(FILE *file, const char *format, va_list args);
int dprintf(int fd, const char *format, ...);
int sprintf(char *buffer, const char *format, ...);
int snprintf(char *buffer, size_t size, const char *format, ...);
int vsprintf(char *buffer, const char *format, va_list args);
int vsnprintf(char *buffer, size_t size, const char *format, va_list args);
int asprintf(char **buffer, const char *format, ...);
int vasprintf(char **buffer, const char *format, va_list args);
int scanf(const char *format, ...);
int fscanf(FILE *file, const char *format, ...);
int sscanf(const char *text, const char *format, ...);
int vscanf(const char *format, va_list args);
int vsscanf(const char *text, const char *format, va_list args);
int vfscanf(FILE *file, const char *format, va_list args);
int puts(const char *text);
int fputs(const char *text, FILE *file);
int putchar(int c);
int putc(int c, FILE *file);
int fputc(int c, FILE *file);
int getchar(void);
int getc(FILE *file);
int fgetc(FILE *file);
int ungetc(int c, FILE *file);
char *gets(char *buffer);
char *fgets(char *buffer, int size, FILE *file);
ssize_t getline(char **line, size_t *size, FILE *file);
ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *file);
FILE *fopen(const char *path, const char *mode);
FILE *fopen64(const char *path, const char *mode);
FILE *freopen(const char *path, const char *mode, FILE *file);
FILE *fdopen(int fd, const char *mode);
FILE *fmemopen(void *buffer, size_t size, const char *mode);
FILE *popen(const char *command, const char *mode);
FILE *tmpfile(void);
char *tmpnam(char *buffer);
int pclose(FILE *file);
int fclose(FILE *file);
int fileno(FILE *file);
int fflush(FILE *file);
int feof(FILE *file);
int ferror(FILE *file);
void clearerr(FILE *file);
size_t fread(void *buffer, size_t size, size_t count, FILE *file);
size_t fwrite(const void *buffer, size_t size, size_t count, FILE *file);
int fseek(FILE *file, long offset, int whence);
int fseeko(FILE *file, off_t offset, int whence);
long ftell(FILE *file);
off_t ftello(FILE *file);
void rewind(FILE *file);
int fgetpos(FILE *file, fpos_t *position);
int fsetpos(FILE *file, const fpos_t *position);
int setvbuf(FILE *file, char *buffer, int mode, size_t size);
void setbuf(FILE *file, char *buffer);
void setlinebuf(FILE *file);
void perror(const char *text);
int remove(const char *path);
int rename(const char *from, const char *to);
__EMB_END_C

// stdlib
#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 2147483647
#define MB_CUR_MAX 6
typedef struct {
  int quot;
  int rem;
} div_t;
typedef struct {
  long quot;
  long rem;
} ldiv_t;
typedef struct {
  long long quot;
  long long rem;
} lldiv_t;

__EMB_BEGIN_C
__EMB_HD void *malloc(size_t size);
__EMB_HD void free(void *pointer);
void *calloc(size_t count, size_t size);
void *realloc(void *pointer, size_t size);
void *reallocarray(void *pointer, size_t count, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
void *valloc(size_t size);
int posix_memalign(void **pointer, size_t alignment, size_t size);
size_t malloc_usable_size(void *pointer);
void *alloca(size_t size);
__EMB_NORETURN void exit(int status);
__EMB_NORETURN void _Exit(int status);
__EMB_NORETURN void quick_exit(int status);
__EMB_NORETURN __EMB_HD void abort(void);
int atexit(void (*function)(void));
int at_quick_exit(void (*function)(void));
int atoi(const char *text);
long atol(const char *text);
long long atoll(const char *text);
double atof(const char *text);
long strtol(const char *text, char **end, int base);
long long strtoll(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);
intmax_t strtoimax(const char *text, char **end, int base);
uintmax_t strtoumax(const char *text, char **end, int base);
float strtof(const char *text, char **end);
double strtod(const char *text, char **end);
long double strtold(const char *text, char **end);
int rand(void);
int rand_r(unsigned int *seed);
void srand(unsigned int seed);
long random(void);
void srandom(unsigned int seed);
double drand48(void);
void srand48(long seed);
long lrand48(void);
long mrand48(void);
double erand48(unsigned short state[3]);
__EMB_HD int abs(int value);
__EMB_HD long labs(long value);
__EMB_HD long long llabs(long long value);
div_t div(int numerator, int denominator);
ldiv_t ldiv(long numerator, long denominator);
lldiv_t lldiv(long long numerator, long long denominator);
char *getenv(const char *name);
char *secure_getenv(const char *name);
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);
int putenv(char *text);
int system(const char *command);
char *realpath(const char *path, char *resolved);
int mkstemp(char *pattern);
char *mkdtemp(char *pattern);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
int mblen(const char *text, size_t size);
int mbtowc(wchar_t *wide, const char *text, size_t size);
size_t mbstowcs(wchar_t *wide, const char *text, size_t size);
size_t wcstombs(char *text, const wchar_t *wide, size_t size);
__EMB_END_C
#define alloca(size) __builtin_alloca(size)

// string, strings
__EMB_BEGIN_C
__EMB_HD void *memcpy(void *to, const void *from, size_t size);
__EMB_HD void *memset(void *to, int value, size_t size);
__EMB_HD void *memmove(void *to, const void *from, size_t size);
__EMB_HD int memcmp(const void *a, const void *b, size_t size);
void *mempcpy(void *to, const void *from, size_t size);
void *memccpy(void *to, const void *from, int stop, size_t size);
void *memmem(const void *text, size_t size, const void *part, size_t part_size);
__EMB_HD size_t strlen(const char *text);
size_t strnlen(const char *text, size_t size);
__EMB_HD int strcmp(const char *a, const char *b);
__EMB_HD int strncmp(const char *a, const char *b, size_t size);
int strcoll(const char *a, const char *b);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t size);
__EMB_HD char *strcpy(char *to, const char *from);
__EMB_HD char *strncpy(char *to, const char *from, size_t size);
char *stpcpy(char *to, const char *from);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t size);
char *strtok(char *text, const char *delimiters);
char *strtok_r(char *text, const char *delimiters, char **state);
char *strsep(char **text, const char *delimiters);
char *strdup(const char *text);
char *strndup(const char *text, size_t size);
char *strerror(int code);
char *strerror_r(int code, char *buffer, size_t size);
char *strsignal(int signal);
size_t strspn(const char *text, const char *accept);
size_t strcspn(const char *text, const char *reject);
size_t strxfrm(char *to, const char *from, size_t size);
void bzero(void *to, size_t size);
void explicit_bzero(void *to, size_t size);
void bcopy(const void *from, void *to, size_t size);
int bcmp(const void *a, const void *b, size_t size);
int ffs(int value);
int ffsl(long value);
int ffsll(long long value);
#if !defined(__cplusplus)
void *memchr(const void *text, int c, size_t size);
char *strchr(const char *text, int c);
char *strrchr(const char *text, int c);
char *strstr(const char *text, const char *part);
char *strcasestr(const char *text, const char *part);
char *strpbrk(const char *text, const char *accept);
char *basename(const char *path);
#endif
__EMB_END_C
#if defined(__cplusplus)
extern "C++" {
const void *memchr(const void *text, int c, size_t size);
void *memchr(void *text, int c, size_t size);
const char *strchr(const char *text, int c);
char *strchr(char *text, int c);
const char *strrchr(const char *text, int c);
char *strrchr(char *text, int c);
const char *strstr(const char *text, const char *part);
char *strstr(char *text, const char *part);
const char *strcasestr(const char *text, const char *part);
char *strcasestr(char *text, const char *part);
const char *strpbrk(const char *text, const char *accept);
char *strpbrk(char *text, const char *accept);
const char *basename(const char *path);
char *basename(char *path);
}
#endif

// ctype
__EMB_BEGIN_C
int isalnum(int c);
int isalpha(int c);
int isascii(int c);
int isblank(int c);
int iscntrl(int c);
int isdigit(int c);
int isgraph(int c);
int islower(int c);
int isprint(int c);
int ispunct(int c);
int isspace(int c);
int isupper(int c);
int isxdigit(int c);
int tolower(int c);
int toupper(int c);
__EMB_END_C

// time, sys/time
#define CLOCKS_PER_SEC ((clock_t)1000000)
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define TIME_UTC 1
struct tm {
  int tm_sec;
  int tm_min;
  int tm_hour;
  int tm_mday;
  int tm_mon;
  int tm_year;
  int tm_wday;
  int tm_yday;
  int tm_isdst;
  long tm_gmtoff;
  const char *tm_zone;
};
struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
struct timeval {
  time_t tv_sec;
  suseconds_t tv_usec;
};
struct timezone {
  int tz_minuteswest;
  int tz_dsttime;
};
struct itimerval {
  struct timeval it_interval;
  struct timeval it_value;
};
__EMB_BEGIN_C
time_t time(time_t *out);
__EMB_HD clock_t clock(void);
double difftime(time_t end, time_t begin);
time_t mktime(struct tm *parts);
time_t timegm(struct tm *parts);
size_t strftime(char *buffer, size_t size, const char *format, const struct tm *parts);
char *strptime(const char *text, const char *format, struct tm *parts);
char *asctime(const struct tm *parts);
char *ctime(const time_t *time);
char *ctime_r(const time_t *time, char *buffer);
struct tm *gmtime(const time_t *time);
struct tm *gmtime_r(const time_t *time, struct tm *out);
struct tm *localtime(const time_t *time);
struct tm *localtime_r(const time_t *time, struct tm *out);
int timespec_get(struct timespec *out, int base);
int clock_gettime(clockid_t clock, struct timespec *out);
int clock_getres(clockid_t clock, struct timespec *out);
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remaining);
int nanosleep(const struct timespec *request, struct timespec *remaining);
#if defined(__cplusplus)
int gettimeofday(struct timeval *out, void *zone);
#else
int gettimeofday(struct timeval *out, void *zone);
#endif
int setitimer(int which, const struct itimerval *value, struct itimerval *old);
void tzset(void);
__EMB_END_C
#define ITIMER_REAL 0
#define timersub(a, b, r) ((r)->tv_sec = (a)->tv_sec - (b)->tv_sec, (r)->tv_usec = (a)->tv_usec - (b)->tv_usec)
#define timeradd(a, b, r) ((r)->tv_sec = (a)->tv_sec + (b)->tv_sec, (r)->tv_usec = (a)->tv_usec + (b)->tv_usec)

// signal, setjmp
typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);
typedef struct {
  unsigned long __bits[16];
} sigset_t;
typedef struct {
  int si_signo;
  int si_errno;
  int si_code;
  pid_t si_pid;
  void *si_addr;
} siginfo_t;
struct sigaction {
  void (*sa_handler)(int);
  void (*sa_sigaction)(int, siginfo_t *, void *);
  sigset_t sa_mask;
  int sa_flags;
};
typedef long jmp_buf[25];
typedef long sigjmp_buf[25];
#define SIG_DFL ((sighandler_t)0)
#define SIG_IGN ((sighandler_t)1)
#define SIG_ERR ((sighandler_t) - 1)
#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SA_SIGINFO 4
#define SA_RESTART 0x10000000
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
__EMB_BEGIN_C
sighandler_t signal(int number, sighandler_t handler);
int raise(int number);
int kill(pid_t pid, int number);
int sigaction(int number, const struct sigaction *action, struct sigaction *old);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int number);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int setjmp(jmp_buf buffer);
int sigsetjmp(sigjmp_buf buffer, int save);
__EMB_NORETURN void longjmp(jmp_buf buffer, int value);
__EMB_NORETURN void siglongjmp(sigjmp_buf buffer, int value);
__EMB_END_C

// locale, wchar
#define LC_CTYPE 0
#define LC_NUMERIC 1
#define LC_TIME 2
#define LC_COLLATE 3
#define LC_MONETARY 4
#define LC_MESSAGES 5
#define LC_ALL 6
struct lconv {
  char *decimal_point;
  char *thousands_sep;
};
typedef struct {
  int __count;
  unsigned int __value;
} mbstate_t;
__EMB_BEGIN_C
char *setlocale(int category, const char *name);
struct lconv *localeconv(void);
size_t wcslen(const wchar_t *text);
int wcscmp(const wchar_t *a, const wchar_t *b);
wchar_t *wcscpy(wchar_t *to, const wchar_t *from);
wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t size);
wchar_t *wcscat(wchar_t *to, const wchar_t *from);
wchar_t *wmemset(wchar_t *to, wchar_t value, size_t size);
wchar_t *wmemcpy(wchar_t *to, const wchar_t *from, size_t size);
int wprintf(const wchar_t *format, ...);
int swprintf(wchar_t *buffer, size_t size, const wchar_t *format, ...);
wint_t towupper(wint_t c);
wint_t towlower(wint_t c);
__EMB_END_C

// common POSIX calls that other headers make visible everywhere (the rest: c_posix.h)
__EMB_BEGIN_C
int usleep(useconds_t microseconds);
unsigned int sleep(unsigned int seconds);
pid_t getpid(void);
__EMB_END_C
