// Steps of a reservoir: leaky units whose recurrent weights are a few entries a row, for which XLA has no fast product.
//
// Several sequences at once lie side by side in vectors, so that an entry is read once for all of them and nothing has
// to be gathered. A single sequence takes a vector of rows at a time; if its matrix is large, threads share the rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "activations.h"
#include "memory.h"
#include "threads.h"
#include "vectors.h"

namespace throughtime {

enum class Squashing : int64_t { tanh = 0, identity = 1, relu = 2 };

// What a step is made of: h' = (1 - leak) h + gain act(projected + U h), U by rows: weights and columns [hidden, fan_in].
template <class T>
struct ReservoirStep {
  const T* weights;
  const int32_t* columns;
  int hidden, fan_in;
  T leak, gain;
  Squashing squashing;

  Vec<T> squash(Vec<T> net) const {
    switch (squashing) {
      case Squashing::tanh:
        return throughtime::tanh<T>(net);
      case Squashing::relu:
        return relu<T>(net);
      default:
        return net;
    }
  }
  Vec<T> next(Vec<T> before, Vec<T> net) const {
    return all(T(1) - leak) * before + all(gain) * squash(net);
  }
};

// The matrix in blocks of as many rows as a vector has lanes: the first entries of a block's rows side by side, then the
// second ones, so that one sequence takes a vector of rows at a time.
template <class T>
class ReservoirRows {
 public:
  explicit ReservoirRows(const ReservoirStep<T>& step)
      : step_(step), blocks_((step.hidden + width - 1) / width),
        weights_(size_t(blocks_) * step.fan_in * width), columns_(size_t(blocks_) * step.fan_in * width) {
    if (missing()) return;
    T* w = weights_.data();
    int32_t* column = columns_.data();
    for (int block = 0; block < blocks_; block++)
      for (int k = 0; k < step.fan_in; k++)
        for (int lane = 0; lane < width; lane++) {
          const int row = block * width + lane;
          const size_t from = size_t(row) * step.fan_in + k;
          *w++ = row < step.hidden ? step.weights[from] : T(0);
          *column++ = row < step.hidden ? step.columns[from] : 0;
        }
  }

  bool missing() const { return weights_.missing() || columns_.missing(); }

  // Rows [first, last) of one sequence, first on the border of a block. `after` may be `projected`, but not `before`.
  void run(int first, int last, const T* projected, const T* before, T* after) const {
    for (int row = first; row < last; row += width) {
      const size_t from = size_t(row) * step_.fan_in;
      const Vec<T> sums = product(weights_.data() + from, columns_.data() + from, before);
      const int count = std::min(width, last - row);
      if (count == width) {
        const Units<T, true> units{row, width};
        units.store(after, step_.next(units.load(before), units.load(projected) + sums));
      } else {
        const Units<T, false> units{row, count};
        units.store(after, step_.next(units.load(before), units.load(projected) + sums));
      }
    }
  }

 private:
  static constexpr int width = Simd<T>::width;

  Vec<T> product(const T* w, const int32_t* column, const T* before) const {
    Vec<T> sum{}, other{};
    int k = 0;
    for (; k + 1 < step_.fan_in; k += 2) {
      sum += load(w + k * width) * gather(before, column + k * width);
      other += load(w + (k + 1) * width) * gather(before, column + (k + 1) * width);
    }
    if (k < step_.fan_in) sum += load(w + k * width) * gather(before, column + k * width);
    return sum + other;
  }

  const ReservoirStep<T> step_;
  int blocks_;
  Buffer<T> weights_;
  Buffer<int32_t> columns_;
};

template <class T>
struct ReservoirArrays {
  const T* projected;        // [steps, batch, hidden]; may be `outputs`
  const T* initial;          // [batch, hidden]
  const int32_t* lengths;    // [batch]
  T* outputs;                // [steps, batch, hidden]
  T* final;                  // [batch, hidden]
  int steps, batch;
  bool reverse;
};

template <class T>
class Reservoir {
 public:
  Reservoir(const ReservoirStep<T>& step, const ReservoirArrays<T>& a) : step_(step), a_(a) {}

  // Returns false if there was no memory for it.
  template <class Pool>
  bool run(Pool& pool, int threads) {
    constexpr int width = Simd<T>::width;
    const bool side_by_side = 2 * a_.batch > width;
    if (side_by_side) {
      const int groups = (a_.batch + width - 1) / width;
      Buffer<T> states(size_t(groups) * 2 * step_.hidden * width);
      if (states.missing()) return false;
      run_chunks(pool, groups, [&](int group) {
        lanes(group * width, states.data() + size_t(group) * 2 * step_.hidden * width);
      });
      return true;
    }
    const ReservoirRows<T> rows(step_);
    if (rows.missing()) return false;
    constexpr int64_t worth_sharing = 100000;  // entries of a step, below which waiting for one another costs more
    if (a_.batch == 1 && int64_t(step_.hidden) * step_.fan_in >= worth_sharing && threads > 1) {
      const int length = a_.lengths[0];
      const int share = (step_.hidden / threads + 15) / 16 * 16;
      const int chunks = (step_.hidden + share - 1) / share;
      const T* before = a_.initial;
      run_stages(pool, chunks, length, [&](int chunk, int stage) {
        const int first = chunk * share;
        const T* last = stage == 0 ? before : a_.outputs + place(stage - 1, length) * size_t(step_.hidden);
        const size_t here = place(stage, length) * size_t(step_.hidden);
        rows.run(first, std::min(first + share, step_.hidden), a_.projected + here, last, a_.outputs + here);
      });
      finish(0, length > 0 ? a_.outputs + place(length - 1, length) * size_t(step_.hidden) : before);
      return true;
    }
    run_chunks(pool, a_.batch, [&](int row) { alone(rows, row); });
    return true;
  }

 private:
  // The step that is read as the `number`-th.
  size_t place(int number, int length) const { return a_.reverse ? length - 1 - number : number; }
  size_t row_at(size_t step, int row) const { return (step * a_.batch + row) * step_.hidden; }

  void finish(int row, const T* last) const {
    std::memmove(a_.final + size_t(row) * step_.hidden, last, step_.hidden * sizeof(T));
    for (int t = a_.lengths[row]; t < a_.steps; t++)
      std::memset(a_.outputs + row_at(t, row), 0, step_.hidden * sizeof(T));
  }

  void alone(const ReservoirRows<T>& rows, int row) const {
    const int length = a_.lengths[row];
    const T* before = a_.initial + size_t(row) * step_.hidden;
    for (int number = 0; number < length; number++) {
      const size_t here = row_at(place(number, length), row);
      rows.run(0, step_.hidden, a_.projected + here, before, a_.outputs + here);
      before = a_.outputs + here;
    }
    finish(row, before);
  }

  // Sequences first ... first + width - 1, each in a lane of its own; lanes without a sequence repeat the last one.
  void lanes(int first, T* states) const {
    constexpr int width = Simd<T>::width;
    const int hidden = step_.hidden, count = std::min(width, a_.batch - first);
    T *before = states, *after = states + size_t(hidden) * width;
    int longest = 0;
    for (int lane = 0; lane < count; lane++) longest = std::max(longest, int(a_.lengths[first + lane]));
    const T* from[width];
    T* to[width];
    for (int lane = 0; lane < width; lane++) from[lane] = a_.initial + size_t(first + std::min(lane, count - 1)) * hidden;
    for (int unit = 0; unit < hidden; unit++)
      for (int lane = 0; lane < width; lane++) before[size_t(unit) * width + lane] = from[lane][unit];
    for (int number = 0; number < longest; number++) {
      for (int lane = 0; lane < width; lane++) {
        const int row = first + std::min(lane, count - 1), length = a_.lengths[row];
        const bool real = lane < count && number < length;
        // What a finished lane computes goes nowhere.
        const size_t here = row_at(place(std::min(number, std::max(length - 1, 0)), std::max(length, 1)), row);
        from[lane] = a_.projected + here;
        to[lane] = real ? a_.outputs + here : nullptr;
      }
      int unit = 0;
      for (; unit + width <= hidden; unit += width) {
        Vec<T> tile[width];
        for (int lane = 0; lane < width; lane++) tile[lane] = load(from[lane] + unit);
        transpose<T>(tile);
        for (int one = 0; one < width; one++) {
          tile[one] = unit_of_all(unit + one, tile[one], before);
          store(after + size_t(unit + one) * width, tile[one]);
        }
        transpose<T>(tile);
        for (int lane = 0; lane < width; lane++)
          if (to[lane]) store(to[lane] + unit, tile[lane]);
      }
      for (; unit < hidden; unit++) {
        Vec<T> projected;
        for (int lane = 0; lane < width; lane++) projected[lane] = from[lane][unit];
        const Vec<T> value = unit_of_all(unit, projected, before);
        store(after + size_t(unit) * width, value);
        for (int lane = 0; lane < width; lane++)
          if (to[lane]) to[lane][unit] = value[lane];
      }
      std::swap(before, after);
    }
    for (int lane = 0; lane < count; lane++) {
      const int row = first + lane, length = a_.lengths[row];
      finish(row, length > 0 ? a_.outputs + row_at(place(length - 1, length), row)
                             : a_.initial + size_t(row) * hidden);
    }
  }

  Vec<T> unit_of_all(int unit, Vec<T> projected, const T* before) const {
    constexpr int width = Simd<T>::width;
    const T* w = step_.weights + size_t(unit) * step_.fan_in;
    const int32_t* column = step_.columns + size_t(unit) * step_.fan_in;
    Vec<T> sum = projected, other{};
    int k = 0;
    for (; k + 1 < step_.fan_in; k += 2) {
      sum += all(w[k]) * load(before + size_t(column[k]) * width);
      other += all(w[k + 1]) * load(before + size_t(column[k + 1]) * width);
    }
    if (k < step_.fan_in) sum += all(w[k]) * load(before + size_t(column[k]) * width);
    return step_.next(load(before + size_t(unit) * width), sum + other);
  }

  ReservoirStep<T> step_;
  ReservoirArrays<T> a_;
};

// A reservoir and its linear readout in closed loop: what the readout says is all that is read at the next step.
template <class T>
struct LoopArrays {
  const T* bias;              // [hidden]
  const T* input_weight;      // [hidden, outputs]
  const T* readout_weight;    // [outputs, hidden]
  const T* readout_bias;      // [outputs]
  const T* initial;           // [batch, hidden]
  const T* last;              // [batch, outputs]: what was said before
  T* said;                    // [steps, batch, outputs]
  T* final;                   // [batch, hidden]
  int steps, batch, outputs;
};

template <class T>
class ReservoirLoop {
 public:
  ReservoirLoop(const ReservoirStep<T>& step, const LoopArrays<T>& a) : step_(step), a_(a) {}

  template <class Pool>
  bool run(Pool& pool) {
    const int hidden = step_.hidden;
    Buffer<T> work(size_t(a_.batch) * 2 * hidden + size_t(hidden) * a_.outputs);
    const ReservoirRows<T> rows(step_);
    if (work.missing() || rows.missing()) return false;
    // Columns of W one after the other, so that they are added to all units vector by vector.
    T* columns = work.data() + size_t(a_.batch) * 2 * hidden;
    for (int unit = 0; unit < hidden; unit++)
      for (int out = 0; out < a_.outputs; out++)
        columns[size_t(out) * hidden + unit] = a_.input_weight[size_t(unit) * a_.outputs + out];
    run_chunks(pool, a_.batch, [&](int row) { stream(rows, row, work.data() + size_t(row) * 2 * hidden, columns); });
    return true;
  }

 private:
  void stream(const ReservoirRows<T>& rows, int row, T* work, const T* columns) const {
    const int hidden = step_.hidden, outputs = a_.outputs;
    T* const states = a_.final + size_t(row) * hidden;
    T *before = states, *after = work, *projected = work + hidden;
    std::memcpy(before, a_.initial + size_t(row) * hidden, hidden * sizeof(T));
    const T* said = a_.last + size_t(row) * outputs;
    for (int t = 0; t < a_.steps; t++) {
      std::memcpy(projected, a_.bias, hidden * sizeof(T));
      for (int out = 0; out < outputs; out++) add(projected, columns + size_t(out) * hidden, said[out]);
      rows.run(0, hidden, projected, before, after);
      T* const now = a_.said + (size_t(t) * a_.batch + row) * outputs;
      for (int out = 0; out < outputs; out++)
        now[out] = a_.readout_bias[out] + product(a_.readout_weight + size_t(out) * hidden, after);
      said = now;
      std::swap(before, after);
    }
    if (before != states) std::memcpy(states, before, hidden * sizeof(T));
  }

  void add(T* to, const T* column, T factor) const {
    constexpr int width = Simd<T>::width;
    int unit = 0;
    for (; unit + width <= step_.hidden; unit += width)
      store(to + unit, load(to + unit) + all(factor) * load(column + unit));
    for (; unit < step_.hidden; unit++) to[unit] += factor * column[unit];
  }

  T product(const T* one, const T* other) const {
    constexpr int width = Simd<T>::width;
    Vec<T> sums[4] = {};
    int unit = 0;
    for (; unit + 4 * width <= step_.hidden; unit += 4 * width)
      for (int part = 0; part < 4; part++)
        sums[part] += load(one + unit + part * width) * load(other + unit + part * width);
    const Vec<T> together = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    T total = 0;
    for (int lane = 0; lane < width; lane++) total += together[lane];
    for (; unit < step_.hidden; unit++) total += one[unit] * other[unit];
    return total;
  }

  ReservoirStep<T> step_;
  LoopArrays<T> a_;
};

}  // namespace throughtime
