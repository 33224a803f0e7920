// r, z = sigmoid(a + U h'), n = tanh(a + U (r h')), h = (1 - z) n + z h', with a = W x + b; gates in the order r, z, n.
#pragma once

#include "../activations.h"

namespace throughtime {

struct GruResetBefore {
  static constexpr int gates = 3, states = 1;
  static constexpr int phases = 2, first_gates = 2;
  static constexpr int vectors = 0;
  static constexpr int unit_vectors = 2;
  static constexpr bool saves_gates = true;
  static constexpr bool saves_more = true;  // r h', which is what the second product reads
  static constexpr bool hidden_passes = true;
  static constexpr bool recurrent_differs = false;

  template <class T, int Phase, bool Training, class Units, class Row>
  static void forward(const Units& units, int H, const Row& row, const Vec<T>* product) {
    const Vec<T> hidden = units.load(row.hidden);
    if constexpr (Phase == 0) {
      const Vec<T> r = sigmoid<T>(units.load(row.gates) + product[0]);
      units.store(row.gates, r);
      units.store(row.gates + H, sigmoid<T>(units.load(row.gates + H) + product[1]));
      units.store(row.middle, r * hidden);
    } else {
      const Vec<T> z = units.load(row.gates + H), n = tanh<T>(units.load(row.gates + 2 * H) + product[0]);
      units.store(row.gates + 2 * H, n);
      units.store(row.output, (all(T(1)) - z) * n + z * hidden);
    }
  }

  template <class T, int Phase, class Units, class Row>
  static void backward(const Units& units, int H, const Row& row) {
    const Vec<T> one = all(T(1)), hidden = units.load(row.hidden);
    if constexpr (Phase == 1) {
      const Vec<T> z = units.load(row.gates + H), n = units.load(row.gates + 2 * H);
      const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
      units.store(row.d_projected + H, dh * (hidden - n) * z * (one - z));
      units.store(row.d_projected + 2 * H, dh * (one - z) * (one - n * n));
      units.store(row.d_hidden, dh * z);
    } else {
      const Vec<T> r = units.load(row.gates), d_middle = units.load(row.d_middle);
      units.store(row.d_projected, d_middle * hidden * r * (one - r));
      units.store(row.d_hidden, units.load(row.d_hidden) + d_middle * r);
    }
  }
};

}  // namespace throughtime
