// Matrix products of a few rows at a time with weights that are packed once a call.
//
// A panel holds, for each row k of a matrix, `lanes` vectors side by side: all gates of a vector of units, so that a
// tile ends with everything that the pointwise part of a step needs in registers. A tile reads its panel in order.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "vectors.h"

namespace throughtime {

template <class T>
class Panels {
 public:
  explicit Panels(size_t size)
      : values_(static_cast<T*>(std::aligned_alloc(64, (size * sizeof(T) + 63) / 64 * 64)), std::free) {}
  T* data() const { return values_.get(); }
  bool missing() const { return values_ == nullptr; }

 private:
  std::unique_ptr<T, void (*)(void*)> values_;
};

// How `hidden` units are cut into blocks of at most `most` vectors; the last one may have fewer.
template <class T>
struct Blocks {
  static constexpr int width = Simd<T>::width;
  int hidden;
  int most;

  int count() const { return (hidden + most * width - 1) / (most * width); }
  int first_unit(int block) const { return block * most * width; }
  int vectors(int block) const {
    const int left = (hidden - first_unit(block) + width - 1) / width;
    return left < most ? left : most;
  }
  bool whole(int block) const { return first_unit(block) + vectors(block) * width <= hidden; }
  int end_unit(int block) const {
    const int end = first_unit(block) + most * width;
    return end < hidden ? end : hidden;
  }
  // Where a block's panel starts, when each row of the panel has `gates` vectors for each vector of units.
  size_t offset(int block, int depth, int gates) const {
    return size_t(block) * most * width * depth * gates;
  }
  size_t size(int depth, int gates) const {
    return size_t((hidden + width - 1) / width) * width * depth * gates;
  }
};

// Packs U [gates * H, H] for the product U h: panel[k][vector][gate] = U[gate * H + units of the vector, k].
template <class T>
void pack_forward(const T* weight, int hidden, int gates, const Blocks<T>& blocks, T* panels) {
  constexpr int width = Simd<T>::width;
  for (int block = 0; block < blocks.count(); block++) {
    const int vectors = blocks.vectors(block), stride = vectors * gates * width;
    T* panel = panels + blocks.offset(block, hidden, gates);
    for (int v = 0; v < vectors; v++)
      for (int gate = 0; gate < gates; gate++)
        for (int lane = 0; lane < width; lane++) {
          T* to = panel + (v * gates + gate) * width + lane;
          const int unit = blocks.first_unit(block) + v * width + lane;
          const T* from = unit < hidden ? weight + (size_t(gate) * hidden + unit) * hidden : nullptr;
          for (int k = 0; k < hidden; k++) to[size_t(k) * stride] = from ? from[k] : T(0);
        }
  }
}

// Packs U [gates * H, H] for the product of a gradient [gates * H] with it: panel[k][vector] = U[k, units].
template <class T>
void pack_backward(const T* weight, int hidden, int gates, const Blocks<T>& blocks, T* panels) {
  constexpr int width = Simd<T>::width;
  for (int block = 0; block < blocks.count(); block++) {
    const int stride = blocks.vectors(block) * width, first = blocks.first_unit(block);
    const int real = hidden - first < stride ? hidden - first : stride;
    T* panel = panels + blocks.offset(block, gates * hidden, 1);
    for (int k = 0; k < gates * hidden; k++, panel += stride) {
      std::memcpy(panel, weight + size_t(k) * hidden + first, real * sizeof(T));
      std::memset(panel + real, 0, (stride - real) * sizeof(T));
    }
  }
}

// sums[i] = rows[i][0..depth) times the panel. One row alone has too few sums to hide the latency of a
// multiply-add; then several chains, each over every other k, run side by side. The chains are local, so that the
// compiler can keep them in registers whatever else the sums' address is used for.
template <class T, int Rows, int Lanes>
inline void multiply(const T* const* rows, const T* panel, int depth, Vec<T> (&sums)[Rows][Lanes]) {
  constexpr int width = Simd<T>::width;
  constexpr int chains = Rows * Lanes >= 8 ? 1 : Rows * Lanes >= 4 ? 2 : 4;
  const T* row[Rows];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++) row[i] = rows[i];
  Vec<T> chain[chains][Rows][Lanes] = {};
  // Whichever is fewer, values or weights, stays in registers beside the sums; the other comes one at a time.
  const auto add = [&](int c, int k) __attribute__((always_inline)) {
    const auto weight = [&](int lane) { return *reinterpret_cast<const Vec<T>*>(panel + lane * width); };
    if constexpr (Rows > Lanes) {
      Vec<T> weights[Lanes];
#pragma GCC unroll 16
      for (int lane = 0; lane < Lanes; lane++) weights[lane] = weight(lane);
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) {
        const Vec<T> value = all(row[i][k]);
#pragma GCC unroll 16
        for (int lane = 0; lane < Lanes; lane++) chain[c][i][lane] += value * weights[lane];
      }
    } else {
      Vec<T> values[Rows];
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) values[i] = all(row[i][k]);
#pragma GCC unroll 16
      for (int lane = 0; lane < Lanes; lane++) {
        const Vec<T> one = weight(lane);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; i++) chain[c][i][lane] += values[i] * one;
      }
    }
    panel += Lanes * width;
  };
  int k = 0;
  for (; k + chains <= depth; k += chains)
#pragma GCC unroll 16
    for (int c = 0; c < chains; c++) add(c, k + c);
  if constexpr (chains > 1)
    for (; k < depth; k++) add(0, k);
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 16
    for (int lane = 0; lane < Lanes; lane++) {
      sums[i][lane] = chain[0][i][lane];
#pragma GCC unroll 16
      for (int c = 1; c < chains; c++) sums[i][lane] += chain[c][i][lane];
    }
}

// Calls tile.template operator()<n>(first) for consecutive groups of n <= Most rows, of as equal size as possible:
// 16 rows in groups of at most 3 are 3 3 3 3 2 2, for a group of one row is half as fast as one of two.
template <int Most, class Tile>
inline void in_groups(int rows, Tile&& tile) {
  const int groups = (rows + Most - 1) / Most;
  for (int group = 0, first = 0; group < groups; group++) {
    const int size = (rows - first + groups - group - 1) / (groups - group);
    [&]<int... N>(std::integer_sequence<int, N...>) {
      (void)((size == N + 1 && (tile.template operator()<N + 1>(first), true)) || ...);
    }(std::make_integer_sequence<int, Most>{});
    first += size;
  }
}

}  // namespace throughtime
