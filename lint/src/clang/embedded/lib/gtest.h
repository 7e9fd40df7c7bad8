// googletest, googlemock matchers (light) and google benchmark: test macros define functions, checks
// evaluate their arguments.
#pragma once
#pragma clang system_header
#include "std/all.h"

namespace testing {
class Message {
public:
  template <class T> Message &operator<<(const T &value);
  Message &operator<<(std::ostream &(*manipulator)(std::ostream &));
};
struct __return {
  void operator=(const Message &message) const;
};
// A fatal failure ends the test. That the function then returns early is not how it is meant: what it leaves behind
// goes with the test.
struct __fatal {
  __attribute__((noreturn)) void operator=(const Message &message) const;
};
class AssertionResult {
public:
  AssertionResult(bool success);
  template <class T> AssertionResult &operator<<(const T &value);
  operator bool() const;
};
AssertionResult AssertionSuccess();
AssertionResult AssertionFailure();
class TestInfo {
public:
  const char *name() const;
  const char *test_suite_name() const;
};
class Test {
public:
  virtual ~Test();
  static bool HasFatalFailure();
  static bool HasFailure();
  static bool IsSkipped();
  static void SetUpTestSuite();
  static void TearDownTestSuite();

protected:
  virtual void SetUp();
  virtual void TearDown();
};
template <class T> class WithParamInterface {
public:
  using ParamType = T;
  virtual ~WithParamInterface();
  static const T &GetParam();
};
template <class T> class TestWithParam : public Test, public WithParamInterface<T> {};
template <class T> class TestParamInfo {
public:
  T param;
  size_t index;
};
class Environment {
public:
  virtual ~Environment();
  virtual void SetUp();
  virtual void TearDown();
};
Environment *AddGlobalTestEnvironment(Environment *environment);
template <class... T> struct Types {};
class UnitTest {
public:
  static UnitTest *GetInstance();
  const TestInfo *current_test_info() const;
};
class ScopedTrace {
public:
  template <class T> ScopedTrace(const char *file, int line, const T &text);
  ~ScopedTrace();
};
void InitGoogleTest(int *argc, char **argv);
void InitGoogleMock(int *argc, char **argv);
template <class... A> int Values(A &&...values);
template <class C> int ValuesIn(const C &values);
template <class... A> int Combine(A &&...generators);
template <class T> int Range(T begin, T end, T step = 1);
int Bool();
struct __anything {
  template <class... A> __anything(A &&...);
};
template <class... A> __anything ElementsAre(A &&...args);
template <class C> __anything ElementsAreArray(const C &values);
template <class... A> __anything HasSubstr(A &&...args);
template <class T> __anything Eq(T value);
template <class T> __anything Gt(T value);
template <class T> __anything FloatEq(T value);
template <class T, class U> __anything FloatNear(T value, U tolerance);
template <class M> __anything Each(M matcher);
template <class M, class C> __anything Pointwise(M matcher, const C &values);
extern const __anything _;
} // namespace testing
int RUN_ALL_TESTS();

#define __EMB_TEST(suite, name, parent)              \
  class suite##_##name##_Test : public parent {      \
  public:                                            \
    void TestBody();                                 \
  };                                                 \
  void suite##_##name##_Test::TestBody()
#define TEST(suite, name) __EMB_TEST(suite, name, ::testing::Test)
#define TEST_F(suite, name) __EMB_TEST(suite, name, suite)
#define TEST_P(suite, name) __EMB_TEST(suite, name, suite)
#define TYPED_TEST(suite, name)                                                     \
  template <typename __EMB_T_> class suite##_##name##_Test : public suite<__EMB_T_> { \
  public:                                                                           \
    typedef suite<__EMB_T_> TestFixture;                                            \
    typedef __EMB_T_ TypeParam;                                                     \
    void TestBody();                                                                \
  };                                                                                \
  template <typename __EMB_T_> void suite##_##name##_Test<__EMB_T_>::TestBody()
#define TYPED_TEST_P(suite, name) TYPED_TEST(suite, name)
#define TYPED_TEST_SUITE(...) static_assert(true, "")
#define TYPED_TEST_CASE(...) static_assert(true, "")
#define TYPED_TEST_SUITE_P(...) static_assert(true, "")
#define REGISTER_TYPED_TEST_SUITE_P(...) static_assert(true, "")
#define INSTANTIATE_TYPED_TEST_SUITE_P(...) static_assert(true, "")
#define INSTANTIATE_TEST_SUITE_P(...) static_assert(true, "")
#define INSTANTIATE_TEST_CASE_P(...) static_assert(true, "")
#define __EMB_EXPECT(...) \
  if (__VA_ARGS__) {      \
  } else                  \
    ::testing::Message()
#define __EMB_ASSERT(...) \
  if (__VA_ARGS__) {      \
  } else                  \
    return ::testing::__fatal() = ::testing::Message()
#define EXPECT_TRUE(...) __EMB_EXPECT((__VA_ARGS__))
#define EXPECT_FALSE(...) __EMB_EXPECT(!(__VA_ARGS__))
#define EXPECT_EQ(a, b) __EMB_EXPECT((a) == (b))
#define EXPECT_NE(a, b) __EMB_EXPECT((a) != (b))
#define EXPECT_LT(a, b) __EMB_EXPECT((a) < (b))
#define EXPECT_LE(a, b) __EMB_EXPECT((a) <= (b))
#define EXPECT_GT(a, b) __EMB_EXPECT((a) > (b))
#define EXPECT_GE(a, b) __EMB_EXPECT((a) >= (b))
#define EXPECT_FLOAT_EQ(a, b) __EMB_EXPECT((a) == (b))
#define EXPECT_DOUBLE_EQ(a, b) __EMB_EXPECT((a) == (b))
#define EXPECT_NEAR(a, b, t) __EMB_EXPECT((a) - (b) <= (t))
#define EXPECT_STREQ(a, b) __EMB_EXPECT(strcmp(a, b) == 0)
#define EXPECT_THAT(a, m) __EMB_EXPECT(((void)(a), true))
#define EXPECT_THROW(statement, type) \
  try {                               \
    statement;                        \
  } catch (const type &) {            \
  }
#define EXPECT_ANY_THROW(statement) \
  try {                             \
    statement;                      \
  } catch (...) {                   \
  }
#define EXPECT_NO_THROW(statement) { statement; }
#define EXPECT_DEATH(statement, text) { statement; }
#define ASSERT_TRUE(...) __EMB_ASSERT((__VA_ARGS__))
#define ASSERT_FALSE(...) __EMB_ASSERT(!(__VA_ARGS__))
#define ASSERT_EQ(a, b) __EMB_ASSERT((a) == (b))
#define ASSERT_NE(a, b) __EMB_ASSERT((a) != (b))
#define ASSERT_LT(a, b) __EMB_ASSERT((a) < (b))
#define ASSERT_LE(a, b) __EMB_ASSERT((a) <= (b))
#define ASSERT_GT(a, b) __EMB_ASSERT((a) > (b))
#define ASSERT_GE(a, b) __EMB_ASSERT((a) >= (b))
#define ASSERT_FLOAT_EQ(a, b) __EMB_ASSERT((a) == (b))
#define ASSERT_DOUBLE_EQ(a, b) __EMB_ASSERT((a) == (b))
#define ASSERT_NEAR(a, b, t) __EMB_ASSERT((a) - (b) <= (t))
#define ASSERT_STREQ(a, b) __EMB_ASSERT(strcmp(a, b) == 0)
#define ASSERT_THAT(a, m) __EMB_ASSERT(((void)(a), true))
#define ASSERT_THROW(statement, type) EXPECT_THROW(statement, type)
#define ASSERT_NO_THROW(statement) { statement; }
#define ASSERT_NO_FATAL_FAILURE(statement) { statement; }
#define EXPECT_NO_FATAL_FAILURE(statement) { statement; }
#define ADD_FAILURE() ::testing::Message()
#define FAIL() return ::testing::__fatal() = ::testing::Message()
#define SUCCEED() ::testing::Message()
#define GTEST_SKIP() return ::testing::__return() = ::testing::Message()
#define GTEST_FAIL() return ::testing::__fatal() = ::testing::Message()
#define SCOPED_TRACE(text) ::testing::ScopedTrace __emb_trace(__FILE__, __LINE__, text)
