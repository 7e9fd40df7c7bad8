// <memory_resource> (light).
#pragma once
#pragma clang system_header
#include "strings.h"
#include "maps.h"

namespace std {
namespace pmr {
class memory_resource {
public:
  virtual ~memory_resource();
  void *allocate(size_t bytes, size_t alignment = 16);
  void deallocate(void *pointer, size_t bytes, size_t alignment = 16);
  bool is_equal(const memory_resource &other) const noexcept;

private:
  virtual void *do_allocate(size_t bytes, size_t alignment) = 0;
  virtual void do_deallocate(void *pointer, size_t bytes, size_t alignment) = 0;
  virtual bool do_is_equal(const memory_resource &other) const noexcept = 0;
};
template <class T = byte> struct polymorphic_allocator : allocator<T> {
  polymorphic_allocator() noexcept;
  polymorphic_allocator(memory_resource *resource);
  memory_resource *resource() const;
};
class monotonic_buffer_resource : public memory_resource {
public:
  monotonic_buffer_resource();
  explicit monotonic_buffer_resource(memory_resource *upstream);
  monotonic_buffer_resource(void *buffer, size_t size);
  void release();

private:
  void *do_allocate(size_t bytes, size_t alignment) override;
  void do_deallocate(void *pointer, size_t bytes, size_t alignment) override;
  bool do_is_equal(const memory_resource &other) const noexcept override;
};
memory_resource *get_default_resource() noexcept;
memory_resource *set_default_resource(memory_resource *resource) noexcept;
memory_resource *new_delete_resource() noexcept;
memory_resource *null_memory_resource() noexcept;
template <class T> using vector = std::vector<T, polymorphic_allocator<T>>;
using string = std::basic_string<char, char_traits<char>, polymorphic_allocator<char>>;
} // namespace pmr
} // namespace std
