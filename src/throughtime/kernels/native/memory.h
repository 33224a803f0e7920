// Memory for large arrays: aligned for vectors, and in large pages where the system has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

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

// Memory that calls leave to the calls after them, since those usually ask for the same sizes again: taken fresh from
// the system, every page would cost a fault at its first use.
class Recycling {
 public:
  // Never destroyed: a kernel may still be at work in another thread when the process ends.
  static Recycling& instance() {
    static auto* const only = new Recycling;
    return *only;
  }

  void* take(size_t bytes) {
    {
      std::lock_guard lock(mutex_);
      for (auto& block : blocks_)
        if (block.bytes == bytes) {
          void* const memory = block.memory;
          block = blocks_.back();
          blocks_.pop_back();
          kept_ -= bytes;
          return memory;
        }
    }
    void* const memory = std::aligned_alloc(64, bytes);
    if (memory) prefer_large_pages(memory, bytes);
    return memory;
  }

  void give(void* memory, size_t bytes) {
    constexpr size_t most = size_t(64) << 20;
    {
      std::lock_guard lock(mutex_);
      if (kept_ + bytes <= most) {
        blocks_.push_back({memory, bytes});
        kept_ += bytes;
        return;
      }
    }
    std::free(memory);
  }

 private:
  struct Block {
    void* memory;
    size_t bytes;
  };
  std::mutex mutex_;
  std::vector<Block> blocks_;
  size_t kept_ = 0;
};

// An array of this call's own. It may be missing, when there is no memory.
template <class T>
class Buffer {
 public:
  explicit Buffer(size_t size = 0) : bytes_((size * sizeof(T) + 63) / 64 * 64) {
    if (size > 0) values_ = static_cast<T*>(Recycling::instance().take(bytes_));
  }
  Buffer(Buffer&& other) noexcept : bytes_(other.bytes_), values_(std::exchange(other.values_, nullptr)) {}
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() {
    if (values_) Recycling::instance().give(values_, bytes_);
  }
  T* data() const { return values_; }
  bool missing() const { return bytes_ > 0 && values_ == nullptr; }

 private:
  size_t bytes_;
  T* values_ = nullptr;
};

}  // namespace throughtime
