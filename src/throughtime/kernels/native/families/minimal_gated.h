// f = sigmoid(a + U h'), n = tanh(a + U (f h')), h = (1 - f) h' + f n, with a = W x + b; gates in the order f, n.
#pragma once

#include "../activations.h"

namespace throughtime {

struct MinimalGated {
  static constexpr int gates = 2, states = 1;
  static constexpr int phases = 2, first_gates = 1;
  static constexpr int vectors = 0;
  static constexpr int unit_vectors = kSumRegisters >= 24 ? 4 : 2;
  static constexpr bool saves_gates = true;
  static constexpr bool saves_more = true;  // f h', which is what the second product reads
  static constexpr bool hidden_passes = true;
  static constexpr bool recurrent_differs = false;

  template <class T, int Phase, bool Training, class Units, class Row>
  static void forward(const Units& units, int H, const Row& row, const Vec<T>* product) {
    const Vec<T> hidden = units.load(row.hidden);
    if constexpr (Phase == 0) {
      const Vec<T> f = sigmoid<T>(units.load(row.gates) + product[0]);
      units.store(row.gates, f);
      units.store(row.middle, f * hidden);
    } else {
      const Vec<T> f = units.load(row.gates), n = tanh<T>(units.load(row.gates + H) + product[0]);
      units.store(row.gates + H, n);
      units.store(row.output, (all(T(1)) - f) * hidden + f * n);
    }
  }

  template <class T, int Phase, class Units, class Row>
  static void backward(const Units& units, int H, const Row& row) {
    const Vec<T> one = all(T(1)), hidden = units.load(row.hidden), f = units.load(row.gates);
    if constexpr (Phase == 1) {
      const Vec<T> n = units.load(row.gates + H);
      const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
      units.store(row.stash, dh * (n - hidden));
      units.store(row.d_projected + H, dh * f * (one - n * n));
      units.store(row.d_hidden, dh * (one - f));
    } else {
      const Vec<T> d_middle = units.load(row.d_middle);
      units.store(row.d_projected, (units.load(row.stash) + d_middle * hidden) * f * (one - f));
      units.store(row.d_hidden, units.load(row.d_hidden) + d_middle * f);
    }
  }
};

}  // namespace throughtime
