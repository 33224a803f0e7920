// The skeleton of a backward pass: a family's pointwise part, then the product that carries the gradient on.
//
// The gradient by the weights is left to the caller: it is one product over all steps of what this pass writes.
#pragma once

#include "panels.h"
#include "sequences.h"
#include "threads.h"

namespace throughtime {

template <class T>
struct BackwardArrays {
  const T* d_outputs;   // [T, B, H]
  const T* weight;      // U [gates * H, H]
  const T* initial[2];  // [B, H] each
  const T* before;      // [T, B, H]
  const T* gates;       // [T, B, gates * H] as the forward pass saved them, or its outputs [T, B, H]
  const T* saved;       // [T, B, H]
  T* d_projected;       // [T, B, gates * H]; may be where `gates` or `d_outputs` is
  T* d_recurrent;       // the same by U h, where the two differ; else `d_projected` again
  T* d_state[2];        // [B, H] each: by the final state at first, by the initial one at last
};

// What a family sees of one row at one time.
template <class T>
struct BackwardRow {
  const T* d_output;
  const T* hidden;
  const T* gates;
  const T* saved;
  const T* state;  // the state, other than the hidden layer, that the step started from
  T* d_projected;
  T* d_recurrent;
  T* d_hidden;
  T* d_state;
};

// The product of gradients [gates * H] with U, which carries them to the hidden layer of the step before.
template <class T, bool Adds>
class Carry {
 public:
  Carry(int hidden, int gates)
      : hidden_(hidden), depth_(gates * hidden), blocks_{hidden, 4}, panels_(blocks_.size(depth_, 1)) {}

  const Blocks<T>& blocks() const { return blocks_; }
  bool out_of_memory() const { return panels_.missing(); }
  void pack(const T* weight) { pack_backward(weight, hidden_, depth_ / hidden_, blocks_, panels_.data()); }

  void add(const Sequences& s, const std::vector<int>& real, int first_block, int end_block, int time,
           const T* gradients, T* d_hidden) const {
    for (int block = first_block; block < end_block; block++) {
      const int vectors = blocks_.vectors(block);
      [&]<int... N>(std::integer_sequence<int, N...>) {
        (void)((vectors == N + 1 && (tiles<N + 1>(s, real, block, time, gradients, d_hidden), true)) || ...);
      }(std::make_integer_sequence<int, 4>{});
    }
  }

 private:
  template <int Vectors>
  void tiles(const Sequences& s, const std::vector<int>& real, int block, int time, const T* gradients,
             T* d_hidden) const {
    in_groups<std::min(kSumRegisters / Vectors, 6)>(int(real.size()), [&]<int Size>(int first) {
      const T* from[Size];
      for (int i = 0; i < Size; i++) from[i] = gradients + s.at(time, real[first + i]) * depth_;
      Vec<T> sums[Size][Vectors];
      multiply<T>(from, panels_.data() + blocks_.offset(block, depth_, 1), depth_, sums);
      for (int i = 0; i < Size; i++) {
        T* to = d_hidden + size_t(real[first + i]) * hidden_;
        if (blocks_.whole(block)) put<true>(block, sums[i], to);
        else put<false>(block, sums[i], to);
      }
    });
  }

  template <bool Whole, int Vectors>
  void put(int block, Vec<T> (&sums)[Vectors], T* d_hidden) const {
    for (int v = 0; v < Vectors; v++) {
      const int first = blocks_.first_unit(block) + v * Simd<T>::width;
      const Units<T, Whole> units{first, std::min(Simd<T>::width, hidden_ - first)};
      // A gradient that passes a step directly, past its product, is already there.
      if constexpr (Adds) sums[v] += units.load(d_hidden);
      units.store(d_hidden, sums[v]);
    }
  }

  int hidden_, depth_;
  Blocks<T> blocks_;
  Panels<T> panels_;
};

template <class Family, class T>
class Backward {
 public:
  Backward(const Sequences& s, const BackwardArrays<T>& arrays)
      : s_(s), a_(arrays), carry_(s.hidden, Family::gates), blocks_(carry_.blocks()) {}

  bool out_of_memory() const { return carry_.out_of_memory(); }

  template <class Pool>
  void run(Pool& pool, int threads) {
    carry_.pack(a_.weight);
    const int64_t products = int64_t(Family::gates) * s_.hidden * s_.hidden;
    const Partition parts = partition(s_, products, blocks_.count(), threads);
    if (parts.by_units()) {
      // A stage starts with the product of the step before it, which needs the units of all chunks.
      const int chunks = parts.unit_chunks, count = blocks_.count();
      run_stages(pool, chunks, s_.steps + 1, [&](int chunk, int n) {
        const int first = count * chunk / chunks, end = count * (chunk + 1) / chunks;
        std::vector<int> real;
        if (n > 0) product(parts.rows[0], first, end, s_.unwinding(n - 1), real);
        if (n < s_.steps) pointwise(parts.rows[0], first, end, s_.unwinding(n), real);
      });
    } else {
      run_chunks(pool, int(parts.rows.size()), [&](int chunk) {
        std::vector<int> real;
        for (int n = 0; n < s_.steps; n++) {
          const int time = s_.unwinding(n);
          pointwise(parts.rows[chunk], 0, blocks_.count(), time, real);
          product(parts.rows[chunk], 0, blocks_.count(), time, real);
        }
      });
    }
  }

 private:
  static constexpr int width = Simd<T>::width;

  void pointwise(const Rows& rows, int first_block, int end_block, int time, std::vector<int>& real) const {
    const int from = blocks_.first_unit(first_block), to = blocks_.end_unit(end_block - 1);
    if (rows.real(s_, time, real); int(real.size()) < rows.end - rows.begin) clear_padding(rows, from, to, time);
    const size_t hidden = s_.hidden, gates = Family::gates * hidden;
    for (int r : real) {
      const size_t at = s_.at(time, r);
      const T* state = nullptr;
      if constexpr (Family::states > 1)
        state = s_.is_first(time, r) ? a_.initial[1] + r * hidden : a_.saved + s_.at(s_.before(time), r) * hidden;
      const BackwardRow<T> row{
          a_.d_outputs + at * hidden,
          Family::needs_hidden ? a_.before + at * hidden : nullptr,
          a_.gates + at * (Family::saves_gates ? gates : hidden),
          Family::saves_more ? a_.saved + at * hidden : nullptr,
          state,
          a_.d_projected + at * gates,
          a_.d_recurrent + at * gates,
          a_.d_state[0] + r * hidden,
          Family::states > 1 ? a_.d_state[1] + r * hidden : nullptr,
      };
      int unit = from;
      for (; unit + width <= to; unit += width)
        Family::template backward<T>(Units<T, true>{unit, width}, s_.hidden, row);
      if (unit < to) Family::template backward<T>(Units<T, false>{unit, to - unit}, s_.hidden, row);
    }
  }

  void clear_padding(const Rows& rows, int from, int to, int time) const {
    for (int row = rows.begin; row < rows.end; row++) {
      if (time < s_.length(row)) continue;
      for (int gate = 0; gate < Family::gates; gate++) {
        const size_t at = (s_.at(time, row) * Family::gates + gate) * s_.hidden;
        std::fill(a_.d_projected + at + from, a_.d_projected + at + to, T(0));
        if constexpr (Family::recurrent_differs)
          std::fill(a_.d_recurrent + at + from, a_.d_recurrent + at + to, T(0));
      }
    }
  }

  void product(const Rows& rows, int first_block, int end_block, int time, std::vector<int>& real) const {
    rows.real(s_, time, real);
    carry_.add(s_, real, first_block, end_block, time, a_.d_recurrent, a_.d_state[0]);
  }

  Sequences s_;
  BackwardArrays<T> a_;
  Carry<T, Family::hidden_passes> carry_;
  Blocks<T> blocks_;
};

}  // namespace throughtime
