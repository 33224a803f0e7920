// Work shared with XLA's own thread pool, without ever waiting for a thread that may not come.
//
// The pool may be busy, perhaps with other kernels that wait for it in turn. So a piece of work is not assigned but
// claimed, the calling thread claims too, and one waits only for pieces that somebody has claimed and is working on.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace throughtime {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns when ready() does. Spins first, for a neighbour is seldom more than microseconds late.
template <class Ready>
inline void wait_until(Ready ready) {
  for (int spins = 0; !ready(); spins++) spins < 4000 ? relax() : std::this_thread::yield();
}

// Runs work(0) ... work(chunks - 1), in any order, and returns when all are done.
template <class Pool, class Work>
void run_chunks(Pool& pool, int chunks, const Work& work) {
  if (chunks == 1) return work(0);
  struct Job {
    const Work& work;
    int chunks;
    std::atomic<int> next{0}, done{0};
    void help() {
      for (int chunk; (chunk = next.fetch_add(1)) < chunks;) {
        work(chunk);
        done.fetch_add(1, std::memory_order_release);
      }
    }
  };
  // Shared, because a helper may wake up after everything is done; it then finds nothing to claim.
  auto job = std::make_shared<Job>(work, chunks);
  for (int helper = 1; helper < chunks; helper++) pool.Schedule([job] { job->help(); });
  job->help();
  wait_until([&] { return job->done.load(std::memory_order_acquire) == chunks; });
}

// Runs work(chunk, stage) for all chunks of stage 0, then of stage 1, and so on. A thread keeps to its own chunk,
// whose weights are in its cache, and takes over another one only if nobody has come for it.
template <class Pool, class Work>
void run_stages(Pool& pool, int chunks, int stages, const Work& work) {
  if (chunks == 1) {
    for (int stage = 0; stage < stages; stage++) work(0, stage);
    return;
  }
  struct alignas(128) Chunk {
    std::atomic<int> claimed{0}, done{0};  // stages of this chunk that are claimed, and done
    std::atomic<bool> has_owner{false};
  };
  struct Job {
    const Work& work;
    int stages;
    std::vector<Chunk> chunks;
    Job(const Work& work, int chunks, int stages) : work(work), stages(stages), chunks(chunks) {}

    void take(int number, int stage) {
      Chunk& chunk = chunks[number];
      int expected = stage;
      if (!chunk.claimed.compare_exchange_strong(expected, stage + 1)) return;
      work(number, stage);
      chunk.done.store(stage + 1, std::memory_order_release);
    }
    void help(int own) {
      chunks[own].has_owner.store(true);
      for (int stage = 0; stage < stages; stage++) {
        take(own, stage);
        for (int other = 0; other < int(chunks.size()); other++) {
          Chunk& chunk = chunks[other];
          wait_until([&] {
            if (chunk.done.load(std::memory_order_acquire) > stage) return true;
            if (!chunk.has_owner.load(std::memory_order_relaxed)) take(other, stage);
            return false;
          });
        }
      }
    }
  };
  auto job = std::make_shared<Job>(work, chunks, stages);
  for (int helper = 1; helper < chunks; helper++) pool.Schedule([job, helper] { job->help(helper); });
  job->help(0);
}

}  // namespace throughtime
