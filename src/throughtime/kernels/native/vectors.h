// Vectors of numbers, as wide as the instruction set that this file is compiled for.
//
// The compiler's vector extension is the only notation: the same source becomes SSE2, AVX2, AVX-512 or NEON.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

namespace throughtime {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

// Registers that a tile may keep its sums in. A few are left for the operands: a sum that is spilled to memory
// halves the speed of the whole tile.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int kSumRegisters = 24;
#else
inline constexpr int kSumRegisters = 12;
#endif

template <class T>
struct Simd;

template <>
struct Simd<float> {
  static constexpr int width = kVectorBytes / 4;
  typedef float V __attribute__((vector_size(kVectorBytes)));
  typedef float Anywhere __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
  typedef int32_t Bits __attribute__((vector_size(kVectorBytes)));
};

template <>
struct Simd<double> {
  static constexpr int width = kVectorBytes / 8;
  typedef double V __attribute__((vector_size(kVectorBytes)));
  typedef double Anywhere __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
  typedef int64_t Bits __attribute__((vector_size(kVectorBytes)));
};

template <class T>
using Vec = typename Simd<T>::V;

template <class T>
inline Vec<T> all(T value) {
  return value - Vec<T>{};
}

template <class T>
inline Vec<T> load(const T* from) {
  return *reinterpret_cast<const typename Simd<T>::Anywhere*>(from);
}

template <class T>
inline void store(T* to, Vec<T> value) {
  *reinterpret_cast<typename Simd<T>::Anywhere*>(to) = value;
}

// Exchanges the lanes of two vectors that differ in one bit of their number, `step`, as a transposition does.
template <class T, int step, int... lane>
inline void exchange(Vec<T>& one, Vec<T>& other, std::integer_sequence<int, lane...>) {
  constexpr int width = Simd<T>::width;
#ifdef __clang__
  const Vec<T> low = __builtin_shufflevector(one, other, (lane & step ? width + lane - step : lane)...);
  other = __builtin_shufflevector(one, other, (lane & step ? width + lane : lane + step)...);
#else
  using Bits = typename Simd<T>::Bits;
  const Vec<T> low = __builtin_shuffle(one, other, Bits{(lane & step ? width + lane - step : lane)...});
  other = __builtin_shuffle(one, other, Bits{(lane & step ? width + lane : lane + step)...});
#endif
  one = low;
}

// Transposes a square of numbers, one vector a row, by exchanging halves, quarters, ... of pairs of rows.
template <class T, int step = 1>
inline void transpose(Vec<T> (&rows)[Simd<T>::width]) {
  constexpr int width = Simd<T>::width;
#pragma GCC unroll 16
  for (int row = 0; row < width; row++)
    if (!(row & step))
      exchange<T, step>(rows[row], rows[row + step], std::make_integer_sequence<int, width>{});
  if constexpr (2 * step < width) transpose<T, 2 * step>(rows);
}

// A vector of hidden units: `width` neighbours, or the fewer that are left at the end of a row. Arrays are not
// padded, so what lies behind the last unit belongs to another row and must be neither read nor written.
template <class T, bool Whole>
struct Units {
  int first;
  int count;

  Vec<T> load(const T* row) const {
    if constexpr (Whole) {
      return throughtime::load(row + first);
    } else {
      Vec<T> value{};
      std::memcpy(&value, row + first, count * sizeof(T));
      return value;
    }
  }

  void store(T* row, Vec<T> value) const {
    if constexpr (Whole) {
      throughtime::store(row + first, value);
    } else {
      std::memcpy(row + first, &value, count * sizeof(T));
    }
  }
};

}  // namespace throughtime
