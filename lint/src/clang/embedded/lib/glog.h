// glog, Abseil's logging and dmlc-core's (light): what is streamed to a check is evaluated where it fails, and a check
// that fails does not return.
#pragma once
#pragma clang system_header
#include "std/all.h"

namespace google {
class __message {
public:
  template <class T> __message &operator<<(const T &value);
  __message &operator<<(std::ostream &(*manipulator)(std::ostream &));
  std::ostream &stream();
};
struct __void {
  void operator&(const __message &message) const;
};
struct __fatal {
  __attribute__((noreturn)) void operator&(const __message &message) const;
};
template <class T> T &&__not_null(T &&value);
void InitGoogleLogging(const char *name);
void ShutdownGoogleLogging();
void InstallFailureSignalHandler();
void SetStderrLogging(int severity);
void LogToStderr();
void FlushLogFiles(int severity);
constexpr int INFO = 0, WARNING = 1, ERROR = 2, FATAL = 3;
constexpr int GLOG_INFO = 0, GLOG_WARNING = 1, GLOG_ERROR = 2, GLOG_FATAL = 3;
using LogSeverity = int;
}
namespace dmlc {
struct Error : public std::runtime_error {
  explicit Error(const std::string &text);
};
inline void InitLogging(const char *name) {}
}
extern bool FLAGS_logtostderr, FLAGS_alsologtostderr, FLAGS_colorlogtostderr, FLAGS_log_prefix;
extern int FLAGS_v, FLAGS_minloglevel, FLAGS_stderrthreshold;
extern std::string FLAGS_log_dir;

#define __EMB_SAY ::google::__void() & ::google::__message()
#define __EMB_DIE ::google::__fatal() & ::google::__message()
#define __EMB_SAY_IF(...) !(__VA_ARGS__) ? (void)0 : __EMB_SAY
#define __EMB_LOG_INFO __EMB_SAY
#define __EMB_LOG_WARNING __EMB_SAY
#define __EMB_LOG_ERROR __EMB_SAY
#define __EMB_LOG_DFATAL __EMB_DIE
#define __EMB_LOG_QFATAL __EMB_DIE
#define __EMB_LOG_FATAL __EMB_DIE
#define __EMB_LOG_CONSOLE __EMB_SAY
#define __EMB_LOG_DEBUG __EMB_SAY
#define __EMB_LOG_0 __EMB_SAY
#define __EMB_LOG_LEVEL(severity) __EMB_SAY
#define LOG(severity) __EMB_LOG_##severity
#define DLOG(severity) __EMB_LOG_##severity
#define PLOG(severity) __EMB_LOG_##severity
#define LOG_IF(severity, ...) !(__VA_ARGS__) ? (void)0 : __EMB_LOG_##severity
#define DLOG_IF(severity, ...) LOG_IF(severity, __VA_ARGS__)
#define PLOG_IF(severity, ...) LOG_IF(severity, __VA_ARGS__)
#define LOG_EVERY_N(severity, n) __EMB_LOG_##severity
#define LOG_FIRST_N(severity, n) __EMB_LOG_##severity
#define LOG_IF_EVERY_N(severity, condition, n) LOG_IF(severity, condition)
#define LOG_EVERY_T(severity, seconds) __EMB_LOG_##severity
#define LOG_EVERY_N_SEC(severity, seconds) __EMB_LOG_##severity
#define LOG_EVERY_POW_2(severity) __EMB_LOG_##severity
#define VLOG_IS_ON(level) (FLAGS_v >= (level))
#define VLOG(level) __EMB_SAY_IF(VLOG_IS_ON(level))
#define DVLOG(level) VLOG(level)
#define VLOG_IF(level, ...) __EMB_SAY_IF(VLOG_IS_ON(level) && (__VA_ARGS__))
#define VLOG_EVERY_N(level, n) VLOG(level)
#define CHECK(...) (__VA_ARGS__) ? (void)0 : __EMB_DIE
#define PCHECK(...) CHECK(__VA_ARGS__)
#define QCHECK(...) CHECK(__VA_ARGS__)
#define DCHECK(...) CHECK(__VA_ARGS__)
#define LOG_ASSERT(...) CHECK(__VA_ARGS__)
#define CHECK_BINARY_OP(name, op, x, y) CHECK((x) op (y))
#define CHECK_EQ(a, b) CHECK((a) == (b))
#define CHECK_NE(a, b) CHECK((a) != (b))
#define CHECK_LT(a, b) CHECK((a) < (b))
#define CHECK_LE(a, b) CHECK((a) <= (b))
#define CHECK_GT(a, b) CHECK((a) > (b))
#define CHECK_GE(a, b) CHECK((a) >= (b))
#define CHECK_OK(status) CHECK((status).ok())
#define CHECK_NOTNULL(pointer) ::google::__not_null(pointer)
#define CHECK_NEAR(a, b, margin) CHECK((a) - (b) <= (margin))
#define CHECK_DOUBLE_EQ(a, b) CHECK((a) == (b))
#define CHECK_STREQ(a, b) CHECK(strcmp(a, b) == 0)
#define CHECK_STRNE(a, b) CHECK(strcmp(a, b) != 0)
#define CHECK_ERR(call) CHECK((call) != -1)
#define QCHECK_EQ(a, b) CHECK_EQ(a, b)
#define QCHECK_NE(a, b) CHECK_NE(a, b)
#define QCHECK_LT(a, b) CHECK_LT(a, b)
#define QCHECK_LE(a, b) CHECK_LE(a, b)
#define QCHECK_GT(a, b) CHECK_GT(a, b)
#define QCHECK_GE(a, b) CHECK_GE(a, b)
#define QCHECK_OK(status) CHECK_OK(status)
#define DCHECK_EQ(a, b) CHECK_EQ(a, b)
#define DCHECK_NE(a, b) CHECK_NE(a, b)
#define DCHECK_LT(a, b) CHECK_LT(a, b)
#define DCHECK_LE(a, b) CHECK_LE(a, b)
#define DCHECK_GT(a, b) CHECK_GT(a, b)
#define DCHECK_GE(a, b) CHECK_GE(a, b)
#define DCHECK_OK(status) CHECK_OK(status)
#define DCHECK_NOTNULL(pointer) CHECK_NOTNULL(pointer)
