// Which rows of a batch are at work at which time.
//
// Arrays are time-major, [T, B, feature]. Row r is real at the times 0 ... lengths[r] - 1, in both directions.
// Reading in reverse starts at the last of them, so a row then joins late instead of leaving early.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace throughtime {

struct Sequences {
  int steps, batch, inputs, hidden;
  bool reverse;
  const int32_t* lengths;

  int length(int row) const { return std::clamp<int>(lengths[row], 0, steps); }
  size_t at(int time, int row) const { return size_t(time) * batch + row; }

  // The time of the n-th step in reading order, and of the n-th in the order of the backward pass.
  int reading(int n) const { return reverse ? steps - 1 - n : n; }
  int unwinding(int n) const { return reverse ? n : steps - 1 - n; }

  int before(int time) const { return reverse ? time + 1 : time - 1; }
  bool is_first(int time, int row) const { return reverse ? time == length(row) - 1 : time == 0; }
  int last(int row) const { return reverse ? 0 : length(row) - 1; }

  // Where the hidden layer is that a step starts from.
  template <class T>
  const T* hidden_before(const T* initial, const T* outputs, int time, int row) const {
    return is_first(time, row) ? initial + size_t(row) * hidden : outputs + at(before(time), row) * hidden;
  }

  int64_t real_steps() const {
    int64_t total = 0;
    for (int row = 0; row < batch; row++) total += length(row);
    return total;
  }
};

struct Place {
  int time, row;
};

// The rows that one thread works on, and those of them that are real at a given time.
struct Rows {
  int begin, end;

  int count() const { return end - begin; }
  void real(const Sequences& s, int time, std::vector<int>& into) const {
    into.clear();
    for (int row = begin; row < end; row++)
      if (time < s.length(row)) into.push_back(row);
  }
};

// Cuts the batch into parts of about as many real steps each: what is padding costs nothing, so it counts nothing.
inline std::vector<Rows> share_rows(const Sequences& s, int parts) {
  const int64_t total = s.real_steps();
  int64_t passed = 0;
  std::vector<Rows> shares;
  int begin = 0;
  for (int row = 0; row < s.batch; row++) {
    passed += s.length(row);
    const int64_t due = total * int64_t(shares.size() + 1);
    if (int(shares.size()) + 1 < parts && passed * parts >= due && row + 1 < s.batch) {
      shares.push_back({begin, row + 1});
      begin = row + 1;
    }
  }
  shares.push_back({begin, s.batch});
  return shares;
}

// All real steps of all rows, time after time.
inline std::vector<Place> real_places(const Sequences& s) {
  std::vector<Place> places;
  places.reserve(s.real_steps());
  for (int time = 0; time < s.steps; time++)
    for (int row = 0; row < s.batch; row++)
      if (time < s.length(row)) places.push_back({time, row});
  return places;
}

// Below this number of multiply-adds, waking another thread costs more than it brings.
inline constexpr int64_t kWorthWaking = 400'000;

// How a recurrence is spread over threads: each chunk has rows of its own, or all chunks have all rows and units of
// their own. Rows need no waiting at all; units need it once a step, and are for batches too small to be cut.
struct Partition {
  std::vector<Rows> rows;
  int unit_chunks;

  bool by_units() const { return unit_chunks > 1; }
};

inline Partition partition(const Sequences& s, int64_t products_per_row, int blocks, int threads) {
  constexpr int64_t worth_awaiting = 12'000;  // multiply-adds of a step
  if (threads > 1 && products_per_row * s.batch * s.steps < kWorthWaking) threads = 1;
  if (threads > 1 && s.batch < 2 * threads && products_per_row * s.batch >= worth_awaiting * threads && blocks > 1)
    return {{{0, s.batch}}, std::min(threads, blocks)};
  return {share_rows(s, std::min(threads, std::max(s.batch, 1))), 1};
}

}  // namespace throughtime
