// The skeleton of a forward pass: products with the packed weights in register tiles, then a family's pointwise part.
#pragma once

#include "panels.h"
#include "sequences.h"
#include "threads.h"

namespace throughtime {

// Pointers into the arrays of a call. Those that only training writes are null otherwise.
template <class T>
struct ForwardArrays {
  const T* projected;    // [T, B, gates * H]
  const T* weight;       // U [gates * H, H]
  const T* vector;       // [H], of a family that has one
  const T* initial[2];   // [B, H] each: the hidden layer, then what else there is
  T* outputs;            // [T, B, H]
  T* final[2];           // [B, H] each; the second one carries the state from step to step
  T* before;             // [T, B, H]: the hidden layer that a step started from
  T* gates;              // [T, B, gates * H], which may be where `projected` is
  T* saved;              // [T, B, H], of a family that saves one thing more
};

// What a family sees of one row at one time.
template <class T>
struct ForwardRow {
  const T* projected;
  const T* hidden;
  const T* vector;
  T* output;
  T* state;
  T* gates;
  T* saved;
};

template <class Family, class T, bool Training>
class Forward {
 public:
  Forward(const Sequences& s, const ForwardArrays<T>& arrays)
      : s_(s), a_(arrays), blocks_{s.hidden, Family::unit_vectors},
        panels_(blocks_.size(s.hidden, Family::gates)) {}

  bool out_of_memory() const { return panels_.missing(); }

  template <class Pool>
  void run(Pool& pool, int threads) {
    pack_forward(a_.weight, s_.hidden, Family::gates, blocks_, panels_.data());
    start();
    const int64_t products = int64_t(Family::gates) * s_.hidden * s_.hidden;
    const Partition parts = partition(s_, products, blocks_.count(), threads);
    if (parts.by_units()) {
      const int chunks = parts.unit_chunks, count = blocks_.count();
      run_stages(pool, chunks, s_.steps, [&](int chunk, int n) {
        std::vector<int> real;
        step(parts.rows[0], count * chunk / chunks, count * (chunk + 1) / chunks, s_.reading(n), real);
      });
    } else {
      run_chunks(pool, int(parts.rows.size()), [&](int chunk) {
        std::vector<int> real;
        for (int n = 0; n < s_.steps; n++) step(parts.rows[chunk], 0, blocks_.count(), s_.reading(n), real);
      });
    }
    finish();
  }

 private:
  void start() const {
    if constexpr (Family::states > 1)
      std::memcpy(a_.final[1], a_.initial[1], size_t(s_.batch) * s_.hidden * sizeof(T));
  }

  void finish() const {
    const size_t hidden = s_.hidden;
    for (int row = 0; row < s_.batch; row++) {
      const T* last = s_.length(row) == 0 ? a_.initial[0] + row * hidden
                                          : a_.outputs + s_.at(s_.last(row), row) * hidden;
      std::memcpy(a_.final[0] + row * hidden, last, hidden * sizeof(T));
    }
  }

  void step(const Rows& rows, int first_block, int end_block, int time, std::vector<int>& real) const {
    rows.real(s_, time, real);
    if (int(real.size()) < rows.end - rows.begin) clear_padding(rows, first_block, end_block, time);
    for (int block = first_block; block < end_block; block++) {
      const int vectors = blocks_.vectors(block);
      [&]<int... N>(std::integer_sequence<int, N...>) {
        (void)((vectors == N + 1 && (tiles<N + 1>(real, block, time), true)) || ...);
      }(std::make_integer_sequence<int, Family::unit_vectors>{});
    }
  }

  // What is read of padding later (by the caller, and by the product that gives the weights' gradient) is zero.
  void clear_padding(const Rows& rows, int first_block, int end_block, int time) const {
    const int from = blocks_.first_unit(first_block), to = blocks_.end_unit(end_block - 1);
    for (int row = rows.begin; row < rows.end; row++) {
      if (time < s_.length(row)) continue;
      const size_t at = s_.at(time, row) * s_.hidden;
      std::fill(a_.outputs + at + from, a_.outputs + at + to, T(0));
      if constexpr (Training) std::fill(a_.before + at + from, a_.before + at + to, T(0));
    }
  }

  template <int Vectors>
  void tiles(const std::vector<int>& real, int block, int time) const {
    constexpr int most = std::clamp(kSumRegisters / (Family::gates * Vectors), 1, 6);
    in_groups<most>(int(real.size()),
                    [&]<int Size>(int first) { tile<Size, Vectors>(real.data() + first, block, time); });
  }

  template <int Size, int Vectors>
  void tile(const int* rows, int block, int time) const {
    constexpr int lanes = Family::gates * Vectors;
    const size_t hidden = s_.hidden;
    const T* starts[Size];
    for (int i = 0; i < Size; i++)
      starts[i] = s_.is_first(time, rows[i]) ? a_.initial[0] + rows[i] * hidden
                                             : a_.outputs + s_.at(s_.before(time), rows[i]) * hidden;
    Vec<T> sums[Size][lanes];
    multiply<T>(starts, panels_.data() + blocks_.offset(block, s_.hidden, Family::gates), s_.hidden, sums);
    for (int i = 0; i < Size; i++) {
      if (blocks_.whole(block)) pointwise<true>(rows[i], block, time, starts[i], sums[i]);
      else pointwise<false>(rows[i], block, time, starts[i], sums[i]);
    }
  }

  template <bool Whole, int Lanes>
  void pointwise(int r, int block, int time, const T* start, const Vec<T> (&sums)[Lanes]) const {
    constexpr int width = Simd<T>::width;
    const size_t hidden = s_.hidden, at = s_.at(time, r);
    const ForwardRow<T> row{
        a_.projected + at * Family::gates * hidden,
        start,
        a_.vector,
        a_.outputs + at * hidden,
        Family::states > 1 ? a_.final[1] + r * hidden : nullptr,
        Training && Family::saves_gates ? a_.gates + at * Family::gates * hidden : nullptr,
        Training && Family::saves_more ? a_.saved + at * hidden : nullptr,
    };
    for (int v = 0; v < Lanes / Family::gates; v++) {
      const int first = blocks_.first_unit(block) + v * width;
      const Units<T, Whole> units{first, std::min(width, s_.hidden - first)};
      if constexpr (Training) units.store(a_.before + at * hidden, units.load(start));
      Family::template forward<T, Training>(units, s_.hidden, row, sums + v * Family::gates);
    }
  }

  Sequences s_;
  ForwardArrays<T> a_;
  Blocks<T> blocks_;
  Panels<T> panels_;
};

}  // namespace throughtime
