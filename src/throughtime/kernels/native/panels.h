// Matrix products of a few rows at a time with weights that are packed once a call.
//
// A panel holds, for each row k of a matrix, `lanes` vectors side by side: all gates of a vector of units, so that a
// tile ends with everything that the pointwise part of a step needs in registers. A tile reads its panel in order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "memory.h"
#include "vectors.h"

namespace throughtime {

// How `units` numbers side by side are cut into blocks of `most` vectors; the last one may have fewer.
template <class T>
struct Blocks {
  static constexpr int width = Simd<T>::width;
  int units;
  int most;

  // As few blocks as there can be of at most `most` vectors, of as equal size as possible: four vectors in blocks of at
  // most three are two and two.
  static Blocks even(int units, int most) {
    const int vectors = (units + width - 1) / width, count = (vectors + most - 1) / most;
    return {units, (vectors + count - 1) / count};
  }

  int count() const { return (units + most * width - 1) / (most * width); }
  int first_unit(int block) const { return block * most * width; }
  int vectors(int block) const { return std::min((units - first_unit(block) + width - 1) / width, most); }
  bool whole(int block) const { return first_unit(block) + vectors(block) * width <= units; }
  int end_unit(int block) const { return std::min(first_unit(block) + most * width, units); }
  // Where a block's panel starts, when each row of the panel has `lanes` vectors for each vector of units.
  size_t offset(int block, int depth, int lanes) const { return size_t(block) * most * width * depth * lanes; }
  size_t size(int depth, int lanes) const { return size_t((units + width - 1) / width) * width * depth * lanes; }
};

// Packs one block of a matrix W [gates * H, depth] for the product W x:
// panel[k][vector][gate] = W[gate * H + units of the vector, k].
template <class T>
void pack_rows(const T* weight, int depth, int gates, const Blocks<T>& blocks, int block, T* panels) {
  constexpr int width = Simd<T>::width;
  const int vectors = blocks.vectors(block), stride = vectors * gates * width;
  T* panel = panels + blocks.offset(block, depth, gates);
  for (int v = 0; v < vectors; v++)
    for (int gate = 0; gate < gates; gate++) {
      const int unit = blocks.first_unit(block) + v * width, real = std::min(blocks.units - unit, width);
      const T* from = weight + (size_t(gate) * blocks.units + unit) * depth;
      T* to = panel + (v * gates + gate) * width;
      int k = 0;
      for (; k + width <= depth; k += width) {
        Vec<T> square[width] = {};
        for (int lane = 0; lane < real; lane++) square[lane] = load<T>(from + size_t(lane) * depth + k);
        transpose<T>(square);
        for (int n = 0; n < width; n++) store<T>(to + size_t(k + n) * stride, square[n]);
      }
      for (; k < depth; k++)
        for (int lane = 0; lane < width; lane++) to[size_t(k) * stride + lane] = lane < real ? from[size_t(lane) * depth + k] : T(0);
    }
}

// Packs one block of the columns of a matrix for the product of rows [depth] with it: panel[k] = row(k)[the block].
template <class T, class Row>
void pack_columns(int depth, const Blocks<T>& blocks, int block, T* panel, const Row& row) {
  const int stride = blocks.vectors(block) * Blocks<T>::width, first = blocks.first_unit(block);
  const int real = std::min(blocks.units - first, stride);
  for (int k = 0; k < depth; k++, panel += stride) {
    const T* from = row(k) + first;
    if (real == stride) {
      for (int lane = 0; lane < stride; lane += Blocks<T>::width) store<T>(panel + lane, load<T>(from + lane));
    } else {
      std::memcpy(panel, from, real * sizeof(T));
      std::memset(panel + real, 0, (stride - real) * sizeof(T));
    }
  }
}

// The most rows that a tile has, and the most numbers of a sum that it can give.
inline constexpr int kMostRows = 6;
template <class T>
using Sums = Vec<T>[kSumRegisters > kMostRows ? kSumRegisters : kMostRows];

// sums[i][lane] = rows[i][0..depth) times the panel. One row alone has too few sums to hide the latency of a
// multiply-add; then several chains, each over every other k, run side by side.
//
// A function of its own, shared by all families: what follows a product differs from family to family, but costs little
// beside it, and need not be compiled again for every shape of a tile.
template <class T, int Rows, int Lanes>
[[gnu::noinline]] void multiply(const T* const* rows, const T* panel, int depth, Vec<T>* sums) {
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
      Vec<T> sum = chain[0][i][lane];
#pragma GCC unroll 16
      for (int c = 1; c < chains; c++) sum += chain[c][i][lane];
      sums[i * Lanes + lane] = sum;
    }
}

template <class T>
using Multiply = void (*)(const T* const* rows, const T* panel, int depth, Vec<T>* sums);

// How many rows a tile of so many lanes may have.
constexpr int rows_of_tile(int lanes) { return std::clamp(kSumRegisters / lanes, 1, kMostRows); }

// The product for tiles of `rows` rows and `lanes` lanes, at most kMostLanes.
inline constexpr int kMostLanes = 8;
template <class T>
Multiply<T> multiplier(int rows, int lanes) {
  // The entry for more rows than a tile may have is never asked for.
  static constexpr auto table = []<int... N>(std::integer_sequence<int, N...>) {
    return std::array<Multiply<T>, sizeof...(N)>{
        multiply<T, std::min(N / kMostLanes + 1, rows_of_tile(N % kMostLanes + 1)), N % kMostLanes + 1>...};
  }(std::make_integer_sequence<int, kMostRows * kMostLanes>{});
  return table[(rows - 1) * kMostLanes + lanes - 1];
}

// Calls tile(first, size) for consecutive groups of at most `most` rows, of as equal size as possible: 16 rows in
// groups of at most 3 are 3 3 3 3 2 2, for a group of one row is half as fast as one of two.
template <class Tile>
inline void in_groups(int rows, int most, Tile&& tile) {
  const int groups = (rows + most - 1) / most;
  for (int group = 0, first = 0; group < groups; group++) {
    const int size = (rows - first + groups - group - 1) / (groups - group);
    tile(first, size);
    first += size;
  }
}

}  // namespace throughtime
