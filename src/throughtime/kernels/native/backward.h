// The skeleton of a backward pass: a family's pointwise part, then the product that carries the gradient on.
//
// The gradients by weights and inputs are sums and products over all steps of what this pass writes; they have files
// of their own. Padding is neither read nor written.
#pragma once

#include "panels.h"
#include "sequences.h"
#include "threads.h"

namespace throughtime {

template <class T>
struct BackwardArrays {
  const T* d_outputs;   // [T, B, H]
  const T* weight;      // U [gates * H, H]
  const T* vectors;     // [vectors * H]
  const T* initial[2];  // [B, H] each
  const T* outputs;     // [T, B, H]
  const T* gates;       // [T, B, gates * H], of a family that saves them
  const T* saved;       // [T, B, H], of a family that saves one thing more
  T* d_projected;       // [T, B, gates * H]; may be where `gates` is
  T* d_last;            // [T, B, H]: the gradient by U h of the last gate, where it is not the one by W x
  T* d_state[2];        // [B, H] each: by the final state at first, by the initial one at last
  T* d_vectors;         // [B, vectors * H]
};

// What a family sees of one row at one time.
template <class T>
struct BackwardRow {
  const T* d_output;
  const T* hidden;  // the hidden layer that the step started from
  const T* output;
  const T* gates;
  const T* saved;
  const T* state;  // the state, other than the hidden layer, that the step started from
  const T* vectors;
  T* d_projected;
  T* d_last;
  T* d_hidden;
  T* d_state;
  const T* d_middle;  // by what the second product read, of a family that has two
  T* stash;           // a place [H] to keep something between the two phases
  T* d_vectors;
};

template <class Family, class T>
class Backward {
 public:
  Backward(const Sequences& s, const BackwardArrays<T>& arrays)
      : s_(s), a_(arrays), blocks_(Blocks<T>::even(s.hidden, 4)), panels_(blocks_.size(Family::gates * s.hidden, 1)),
        d_middle_(two_phases ? size_t(s.batch) * s.hidden : 0), stash_(two_phases ? size_t(s.batch) * s.hidden : 0) {}

  // Returns false if there was no memory for it.
  template <class Pool>
  bool run(Pool& pool, int threads) {
    if (panels_.missing() || d_middle_.missing() || stash_.missing()) return false;
    const int64_t products = int64_t(Family::gates) * s_.hidden * s_.hidden;
    const Partition parts = partition(s_, products, blocks_.count(), threads);
    const int packers = std::min<int>(parts.by_units() ? parts.unit_chunks : parts.rows.size(), blocks_.count());
    run_chunks(pool, packers, [&](int packer) { pack(packer, packers); });
    if constexpr (Family::vectors > 0)
      std::fill(a_.d_vectors, a_.d_vectors + size_t(s_.batch) * Family::vectors * s_.hidden, T(0));
    if (!Family::saves_gates) prefer_large_pages(a_.d_projected, size_t(s_.steps) * s_.batch * s_.hidden * sizeof(T));
    const int stages = s_.steps * Family::phases;
    if (parts.by_units()) {
      // A stage starts with the product of the stage before it, which needs the units of all chunks.
      const int chunks = parts.unit_chunks, count = blocks_.count();
      run_stages(pool, chunks, stages + 1, [&](int chunk, int stage) {
        Part part{parts.rows[0], count * chunk / chunks, count * (chunk + 1) / chunks, {}};
        if (stage > 0) product(part, stage - 1);
        if (stage < stages) pointwise(part, stage);
      });
    } else {
      run_chunks(pool, int(parts.rows.size()), [&](int chunk) {
        Part part{parts.rows[chunk], 0, blocks_.count(), {}};
        for (int stage = 0; stage < stages; stage++) {
          pointwise(part, stage);
          product(part, stage);
        }
      });
    }
    return true;
  }

 private:
  static constexpr int width = Simd<T>::width;
  static constexpr bool two_phases = Family::phases > 1;

  struct Part {
    Rows rows;
    int first_block, end_block;
    std::vector<int> real;
  };

  // The backward pass goes through the phases of a step from the last to the first.
  int time_of(int stage) const { return s_.unwinding(stage / Family::phases); }
  static constexpr bool is_second(int stage) { return two_phases && stage % 2 == 0; }

  void pack(int packer, int packers) const {
    const int depth = Family::gates * s_.hidden;
    for (int block = packer; block < blocks_.count(); block += packers)
      pack_columns<T>(depth, blocks_, block, panels_.data() + blocks_.offset(block, depth, 1),
                      [&](int k) { return a_.weight + size_t(k) * s_.hidden; });
  }

  void pointwise(Part& part, int stage) const {
    const int time = time_of(stage), from = blocks_.first_unit(part.first_block);
    const int to = blocks_.end_unit(part.end_block - 1);
    part.rows.real(s_, time, part.real);
    for (int r : part.real) {
      const BackwardRow<T> row = at(time, r);
      if (is_second(stage)) pointwise<1>(row, from, to);
      else pointwise<0>(row, from, to);
    }
  }

  template <int Phase>
  void pointwise(const BackwardRow<T>& row, int from, int to) const {
    if constexpr (Phase < Family::phases) {
      int unit = from;
      for (; unit + width <= to; unit += width)
        Family::template backward<T, Phase>(Units<T, true>{unit, width}, s_.hidden, row);
      if (unit < to) Family::template backward<T, Phase>(Units<T, false>{unit, to - unit}, s_.hidden, row);
    }
  }

  BackwardRow<T> at(int time, int r) const {
    const size_t hidden = s_.hidden, at = s_.at(time, r), row = r * hidden;
    const T* state = nullptr;
    if constexpr (Family::states > 1)
      state = s_.is_first(time, r) ? a_.initial[1] + row : a_.saved + s_.at(s_.before(time), r) * hidden;
    return {
        a_.d_outputs + at * hidden,
        s_.hidden_before(a_.initial[0], a_.outputs, time, r),
        a_.outputs + at * hidden,
        Family::saves_gates ? a_.gates + at * Family::gates * hidden : nullptr,
        Family::saves_more ? a_.saved + at * hidden : nullptr,
        state,
        a_.vectors,
        a_.d_projected + at * Family::gates * hidden,
        Family::recurrent_differs ? a_.d_last + at * hidden : nullptr,
        a_.d_state[0] + row,
        Family::states > 1 ? a_.d_state[1] + row : nullptr,
        two_phases ? d_middle_.data() + row : nullptr,
        two_phases ? stash_.data() + row : nullptr,
        Family::vectors > 0 ? a_.d_vectors + row * Family::vectors : nullptr,
    };
  }

  void product(Part& part, int stage) const {
    const int time = time_of(stage);
    part.rows.real(s_, time, part.real);
    for (int block = part.first_block; block < part.end_block; block++)
      in_groups(int(part.real.size()), rows_of_tile(blocks_.vectors(block)), [&](int first, int size) {
        if (is_second(stage)) tile<1>(part.real.data() + first, size, block, time);
        else tile<0>(part.real.data() + first, size, block, time);
      });
  }

  // The gradients of a phase's gates times their rows of U.
  template <int Phase>
  void tile(const int* rows, int size, int block, int time) const {
    if constexpr (Phase < Family::phases) {
      const size_t hidden = s_.hidden;
      const int vectors = blocks_.vectors(block);
      Sums<T> sums;
      const auto multiply = [&](const T* gradients, int gates, int first_gate, int count, int of_weight, Vec<T>* sums) {
        const T* from[kMostRows] = {};
        for (int i = 0; i < size; i++) from[i] = gradients + (s_.at(time, rows[i]) * gates + first_gate) * hidden;
        const T* panel = panels_.data() + blocks_.offset(block, Family::gates * s_.hidden, 1);
        multiplier<T>(size, vectors)(from, panel + of_weight * hidden * vectors * width, count * s_.hidden, sums);
      };
      constexpr int last = Family::gates - 1;
      if constexpr (Phase == 1) {
        multiply(a_.d_projected, Family::gates, last, 1, last, sums);
      } else if constexpr (Family::recurrent_differs) {
        Sums<T> more;
        multiply(a_.d_projected, Family::gates, 0, last, 0, sums);
        multiply(a_.d_last, 1, 0, 1, last, more);
        for (int n = 0; n < size * vectors; n++) sums[n] += more[n];
      } else {
        multiply(a_.d_projected, Family::gates, 0, Family::first_gates, 0, sums);
      }
      for (int i = 0; i < size; i++) {
        T* to = (Phase == 1 ? d_middle_.data() : a_.d_state[0]) + rows[i] * hidden;
        // A gradient that passes the step directly, past its product, is already there.
        constexpr bool adds = Phase == 0 && Family::hidden_passes;
        if (blocks_.whole(block)) put<adds, true>(block, sums + i * vectors, to);
        else put<adds, false>(block, sums + i * vectors, to);
      }
    }
  }

  template <bool Adds, bool Whole>
  void put(int block, const Vec<T>* sums, T* to) const {
    for (int v = 0; v < blocks_.vectors(block); v++) {
      const int first = blocks_.first_unit(block) + v * width;
      const Units<T, Whole> units{first, std::min(width, s_.hidden - first)};
      if constexpr (Adds) units.store(to, sums[v] + units.load(to));
      else units.store(to, sums[v]);
    }
  }

  Sequences s_;
  BackwardArrays<T> a_;
  Blocks<T> blocks_;
  Buffer<T> panels_, d_middle_, stash_;
};

}  // namespace throughtime
