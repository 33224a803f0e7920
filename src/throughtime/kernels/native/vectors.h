// Vectors of numbers, as wide as the instruction set that this file is compiled for.
//
// The compiler's vector extension is the only notation: the same source becomes SSE2, AVX2, AVX-512 or NEON.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

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

// The numbers at these places, one a lane.
template <class T>
inline Vec<T> gather(const T* from, const int32_t* places) {
  // With a source of zeros, for the headers of GCC leave the source of the plain forms undefined, and warn of it.
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (Vec<T>)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, _mm512_loadu_si512(places), from, 4);
  else
    return (Vec<T>)_mm512_mask_i32gather_pd(_mm512_setzero_pd(), 0xff, _mm256_loadu_si256((const __m256i*)places), from, 8);
#elif defined(__AVX2__)
  const __m256i every = _mm256_set1_epi32(-1);
  if constexpr (sizeof(T) == 4)
    return (Vec<T>)_mm256_mask_i32gather_ps(_mm256_setzero_ps(), (const float*)from,
                                            _mm256_loadu_si256((const __m256i*)places), (__m256)every, 4);
  else
    return (Vec<T>)_mm256_mask_i32gather_pd(_mm256_setzero_pd(), (const double*)from,
                                            _mm_loadu_si128((const __m128i*)places), (__m256d)every, 8);
#else
  Vec<T> value;
  for (int lane = 0; lane < Simd<T>::width; lane++) value[lane] = from[places[lane]];
  return value;
#endif
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
