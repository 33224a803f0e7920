// The gradient by the weights: sums, over all real steps, of a gate's gradient times what it was computed from.
#pragma once

#include "panels.h"
#include "sequences.h"
#include "threads.h"

namespace throughtime {

template <class T>
struct WeightGradientArrays {
  const T* d_projected;     // [T, B, gates * H]
  const T* d_last;          // [T, B, H]: the gradient by U h of the last gate, where it is not the one by W x
  const T* inputs;          // [T, B, I]
  const T* initial_hidden;  // [B, H]
  const T* outputs;         // [T, B, H]
  const T* middle;          // [T, B, H]: what the last gate's product read, of a family with two phases
  T* d_input_weight;        // [gates * H, I]
  T* d_bias;                // [gates * H]
  T* d_weight;              // [gates * H, H]
};

// A tile's rows and vectors: as many sums as there are registers.
inline constexpr int kOuterLanes = 3, kOuterRows = kSumRegisters / kOuterLanes;

// sums[i][vector] = the sum over all steps of gradients[step][i] * factors[step][vector].
template <class T, int Vectors>
[[gnu::noinline]] void outer_products(const T* gradients, const T* factors, int steps, Vec<T>* sums) {
  constexpr int width = Simd<T>::width;
  Vec<T> local[kOuterRows][Vectors] = {};
  for (int k = 0; k < steps; k++, gradients += kOuterRows, factors += Vectors * width) {
    Vec<T> factor[Vectors];
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; v++) factor[v] = *reinterpret_cast<const Vec<T>*>(factors + v * width);
#pragma GCC unroll 16
    for (int i = 0; i < kOuterRows; i++) {
      const Vec<T> gradient = all(gradients[i]);
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; v++) local[i][v] += gradient * factor[v];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kOuterRows; i++)
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; v++) sums[i * Vectors + v] = local[i][v];
}

// Both factors of a product over many steps are packed, a few steps at a time: as they lie in memory, the numbers that
// follow one another are whole rows apart, and often a power of two, which drives them from the cache.
template <class Family, class T>
class WeightGradient {
 public:
  WeightGradient(const Sequences& s, const WeightGradientArrays<T>& arrays)
      : s_(s), a_(arrays), places_(real_places(s)), by_input_(Blocks<T>::even(s.inputs, kLanes)),
        by_hidden_(Blocks<T>::even(s.hidden, kLanes)) {}

  // Returns false if there was no memory for it.
  template <class Pool>
  bool run(Pool& pool, int threads) {
    const int rows = Family::gates * s_.hidden, groups = (rows + kRows - 1) / kRows;
    const int64_t products = int64_t(places_.size()) * rows * (s_.inputs + s_.hidden);
    const int chunks = products < kWorthWaking ? 1 : std::min(threads, groups);
    std::vector<Workspace> own;
    for (int chunk = 0; chunk < chunks; chunk++) {
      const int begin = groups * chunk / chunks * kRows, end = std::min(groups * (chunk + 1) / chunks * kRows, rows);
      own.emplace_back(*this, begin, end);
      if (own.back().missing()) return false;
    }
    run_chunks(pool, chunks, [&](int chunk) { sum(own[chunk]); });
    return true;
  }

 private:
  static constexpr int kRows = kOuterRows, kLanes = kOuterLanes, kSteps = 128;
  static constexpr int width = Simd<T>::width;
  static constexpr bool two_phases = Family::phases > 1;

  // The gates' units [begin, end) that one thread sums for, and its packed factors of kSteps steps.
  struct Workspace {
    Workspace(const WeightGradient& of, int begin, int end)
        : begin(begin), end(end), gradients(size_t(kSteps) * (end - begin + kRows)),
          last(Family::recurrent_differs ? size_t(kSteps) * (of.s_.hidden + kRows) : 0),
          inputs(of.by_input_.size(kSteps, 1)), hidden(of.by_hidden_.size(kSteps, 1)),
          middle(two_phases ? of.by_hidden_.size(kSteps, 1) : 0) {}
    bool missing() const {
      return gradients.missing() || last.missing() || inputs.missing() || hidden.missing() || middle.missing();
    }
    int begin, end;
    Buffer<T> gradients, last, inputs, hidden, middle;
    std::vector<const T*> rows = std::vector<const T*>(kSteps);
  };

  void sum(Workspace& w) const {
    const int gates = Family::gates, hidden = s_.hidden;
    std::fill(a_.d_bias + w.begin, a_.d_bias + w.end, T(0));
    std::fill(a_.d_input_weight + size_t(w.begin) * s_.inputs, a_.d_input_weight + size_t(w.end) * s_.inputs, T(0));
    std::fill(a_.d_weight + size_t(w.begin) * hidden, a_.d_weight + size_t(w.end) * hidden, T(0));
    // Where the last gate begins, for its recurrent product may have another gradient or read something else.
    constexpr bool last_is_other = Family::recurrent_differs || two_phases;
    const int split = last_is_other ? std::clamp((gates - 1) * hidden, w.begin, w.end) : w.end;
    for (size_t first = 0; first < places_.size(); first += kSteps) {
      const Place* places = places_.data() + first;
      const int steps = int(std::min<size_t>(kSteps, places_.size() - first));
      pack_gradients(w, places, steps, a_.d_projected, gates * hidden, w.begin, w.end, w.gradients.data(), a_.d_bias);
      pack_factors(w, places, steps, by_input_, w.inputs, [&](const Place& p) {
        return a_.inputs + s_.at(p.time, p.row) * s_.inputs;
      });
      pack_factors(w, places, steps, by_hidden_, w.hidden, [&](const Place& p) {
        return s_.hidden_before(a_.initial_hidden, a_.outputs, p.time, p.row);
      });
      products(w.gradients.data(), w.begin, w.begin, w.end, steps, by_input_, w.inputs.data(), a_.d_input_weight);
      products(w.gradients.data(), w.begin, w.begin, split, steps, by_hidden_, w.hidden.data(), a_.d_weight);
      if (split == w.end) continue;
      if constexpr (Family::recurrent_differs) {
        const int from = split - (gates - 1) * hidden, to = w.end - (gates - 1) * hidden;
        pack_gradients(w, places, steps, a_.d_last, hidden, from, to, w.last.data(), nullptr);
        products(w.last.data(), split, split, w.end, steps, by_hidden_, w.hidden.data(), a_.d_weight);
      } else if constexpr (two_phases) {
        pack_factors(w, places, steps, by_hidden_, w.middle, [&](const Place& p) {
          return a_.middle + s_.at(p.time, p.row) * hidden;
        });
        products(w.gradients.data(), w.begin, split, w.end, steps, by_hidden_, w.middle.data(), a_.d_weight);
      }
    }
  }

  // packed[group][step][kRows] = the gradients' columns [begin, end); their sums over the steps go to `sums`.
  void pack_gradients(Workspace& w, const Place* places, int steps, const T* gradients, int size, int begin, int end,
                      T* packed, T* sums) const {
    for (int k = 0; k < steps; k++) w.rows[k] = gradients + s_.at(places[k].time, places[k].row) * size;
    for (int column = begin; column < end; column += kRows, packed += size_t(kRows) * steps) {
      const int real = std::min(kRows, end - column);
      T total[kRows] = {};
      if (real == kRows) {
        for (int k = 0; k < steps; k++)
#pragma GCC unroll 16
          for (int n = 0; n < kRows; n++) {
            packed[k * kRows + n] = w.rows[k][column + n];
            total[n] += w.rows[k][column + n];
          }
      } else {
        for (int k = 0; k < steps; k++)
          for (int n = 0; n < kRows; n++) {
            const T value = n < real ? w.rows[k][column + n] : T(0);
            packed[k * kRows + n] = value;
            total[n] += value;
          }
      }
      if (sums)
        for (int n = 0; n < real; n++) sums[column + n] += total[n];
    }
  }

  template <class From>
  void pack_factors(Workspace& w, const Place* places, int steps, const Blocks<T>& blocks, const Buffer<T>& into,
                    const From& from) const {
    for (int k = 0; k < steps; k++) w.rows[k] = from(places[k]);
    for (int block = 0; block < blocks.count(); block++)
      pack_columns<T>(steps, blocks, block, into.data() + blocks.offset(block, steps, 1),
                      [&](int k) { return w.rows[k]; });
  }

  // sums[n, :] += sum over the steps of gradient n times the factors, for n in [begin, end); the packed gradients
  // start with column `packed_from`.
  void products(const T* gradients, int packed_from, int begin, int end, int steps, const Blocks<T>& blocks,
                const T* factors, T* sums) const {
    for (int block = 0; block < blocks.count(); block++) {
      const T* panel = factors + blocks.offset(block, steps, 1);
      const int vectors = blocks.vectors(block);
      const auto outer = vectors == 1 ? &outer_products<T, 1> : vectors == 2 ? &outer_products<T, 2> : &outer_products<T, 3>;
      for (int n = begin; n < end;) {
        const int group = (n - packed_from) / kRows, within = (n - packed_from) % kRows;
        const int count = std::min(kRows - within, end - n);
        Vec<T> tile[kRows * kLanes];
        outer(gradients + size_t(group) * kRows * steps, panel, steps, tile);
        const auto add = [&]<bool Whole>() {
          for (int i = 0; i < count; i++)
            for (int v = 0; v < vectors; v++) {
              const int first = blocks.first_unit(block) + v * width;
              const Units<T, Whole> units{first, std::min(width, blocks.units - first)};
              T* row = sums + size_t(n + i) * blocks.units;
              units.store(row, units.load(row) + tile[(within + i) * vectors + v]);
            }
        };
        blocks.whole(block) ? add.template operator()<true>() : add.template operator()<false>();
        n += count;
      }
    }
  }

  Sequences s_;
  WeightGradientArrays<T> a_;
  std::vector<Place> places_;
  Blocks<T> by_input_, by_hidden_;
};

}  // namespace throughtime
