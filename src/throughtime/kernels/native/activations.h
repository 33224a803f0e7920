// The logistic function and the hyperbolic tangent, vector by vector.
//
// Both come from one reduction, exp(y) = 2^n (1 + p(r)) with y = n ln 2 + r and p(r) = exp(r) - 1, for y <= 0 only:
// nothing can overflow, infinities saturate exactly, and NaN passes because every comparison with it is false.
// Relative errors are below 3e-7 in float and 1e-15 in double.
#pragma once

#include "vectors.h"

namespace throughtime {

template <class T>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float round = 12582912.0f;  // 1.5 * 2^23: adding it leaves round(y) in the lowest bits
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr float least = -87.0f;  // below, 2^n would leave the normal numbers
  static constexpr int mantissa = 23;
  static constexpr int32_t one = 0x3f800000;
  // p(r) = r + r^2 (c[5] + c[4] r + ... + c[0] r^5): minimax for |r| <= ln 2 / 2, Cephes' expf.
  static constexpr float c[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
};

template <>
struct ExpConstants<double> {
  static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
  static constexpr double least = -708.0;
  static constexpr int mantissa = 52;
  static constexpr int64_t one = 0x3ff0000000000000;
  // The series 1/2! ... 1/13!; its next term is 4e-18 of the sum.
  static constexpr double c[] = {1.6059043836821613e-10, 2.0876756987868099e-9, 2.5052108385441719e-8,
                                 2.7557319223985891e-7,  2.7557319223985893e-6, 2.4801587301587302e-5,
                                 1.9841269841269841e-4,  1.3888888888888889e-3, 8.3333333333333333e-3,
                                 4.1666666666666667e-2,  1.6666666666666667e-1, 5.0000000000000000e-1};
};

template <class T>
struct Exponential {
  Vec<T> scale;      // 2^n
  Vec<T> remainder;  // p(r)
};

// Takes y <= 0.
template <class T>
inline Exponential<T> exponential(Vec<T> y) {
  using C = ExpConstants<T>;
  using Bits = typename Simd<T>::Bits;
  y = y < all(C::least) ? all(C::least) : y;
  const Vec<T> shifted = y * all(T(1.44269504088896340736)) + all(C::round);
  const Vec<T> n = shifted - all(C::round);
  const Vec<T> r = y - n * all(C::ln2_high) - n * all(C::ln2_low);
  Vec<T> p = all(C::c[0]);
#pragma GCC unroll 16
  for (unsigned k = 1; k < sizeof(C::c) / sizeof(T); k++) p = p * r + all(C::c[k]);
  p = p * r * r + r;
  const Bits power = ((Bits)shifted << C::mantissa) + C::one;
  return {(Vec<T>)power, p};
}

// -|x|, and the size of one number with the sign of another, by the sign bit alone.
template <class T>
inline Vec<T> minus_size(Vec<T> x) {
  using Bits = typename Simd<T>::Bits;
  return (Vec<T>)((Bits)x | (Bits)all(T(-0.0)));
}

template <class T>
inline Vec<T> with_sign(Vec<T> size, Vec<T> sign) {
  using Bits = typename Simd<T>::Bits;
  const Bits bit = (Bits)all(T(-0.0));
  return (Vec<T>)(((Bits)size & ~bit) | ((Bits)sign & bit));
}

// sigmoid(x) = e / (1 + e) or 1 / (1 + e) with e = exp(-|x|): small results keep their relative precision.
template <class T>
inline Vec<T> sigmoid(Vec<T> x) {
  const auto [scale, p] = exponential<T>(minus_size<T>(x));
  const Vec<T> e = scale + scale * p;
  return (x < 0 ? e : all(T(1))) / (all(T(1)) + e);
}

// tanh(|x|) = -m / (2 + m) with m = exp(-2|x|) - 1, which does not cancel near zero.
template <class T>
inline Vec<T> tanh(Vec<T> x) {
  const auto [scale, p] = exponential<T>(minus_size<T>(x + x));
  const Vec<T> m = scale * p + (scale - all(T(1)));
  return with_sign<T>(m / (all(T(2)) + m), x);
}

template <class T>
inline Vec<T> relu(Vec<T> x) {
  return x < 0 ? Vec<T>{} : x;
}

}  // namespace throughtime
