// Memory for large arrays: aligned for vectors, and in large pages where the system has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace throughtime {

// XLA takes the arrays of every call fresh from the system, which hands memory out in pages of 4 KB and clears each at
// its first use: for a long sequence that takes as long as the arithmetic. Pages of 2 MB come at a fraction of the cost.
// To be called before an array is first written; what was written before stays as it is.
inline void prefer_large_pages([[maybe_unused]] void* array, [[maybe_unused]] size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t page = uintptr_t(2) << 20;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(array) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(array) + bytes) / page * page;
  // A system that has none may refuse; then the pages are small.
  if (end > begin) (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

// An array of this call's own. It may be missing, when there is no memory.
template <class T>
class Buffer {
 public:
  explicit Buffer(size_t size = 0)
      : values_(size == 0 ? nullptr : static_cast<T*>(std::aligned_alloc(64, rounded(size))), std::free),
        missing_(size > 0 && values_ == nullptr) {
    if (values_) prefer_large_pages(values_.get(), rounded(size));
  }
  T* data() const { return values_.get(); }
  bool missing() const { return missing_; }

 private:
  static size_t rounded(size_t size) { return (size * sizeof(T) + 63) / 64 * 64; }

  std::unique_ptr<T, void (*)(void*)> values_;
  bool missing_;
};

}  // namespace throughtime
