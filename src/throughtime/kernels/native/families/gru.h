// r, z = sigmoid(a + U h'), n = tanh(a + r (U h' + d)), h = (1 - z) n + z h'; gates in the order r, z, n.
#pragma once

#include "../activations.h"

namespace throughtime {

struct Gru {
  static constexpr int gates = 3, states = 1, unit_vectors = 1;
  static constexpr bool has_vector = true;  // d
  static constexpr bool saves_gates = true;
  static constexpr bool saves_more = true;  // q = U h' + d of the candidate n
  static constexpr bool needs_hidden = true;
  static constexpr bool hidden_passes = true;
  static constexpr bool recurrent_differs = true;

  template <class T, bool Training, class Units, class Row>
  static void forward(const Units& units, int H, const Row& row, const Vec<T>* product) {
    const Vec<T> r = sigmoid<T>(units.load(row.projected) + product[0]);
    const Vec<T> z = sigmoid<T>(units.load(row.projected + H) + product[1]);
    const Vec<T> q = product[2] + units.load(row.vector);
    const Vec<T> n = tanh<T>(units.load(row.projected + 2 * H) + r * q);
    units.store(row.output, (all(T(1)) - z) * n + z * units.load(row.hidden));
    if constexpr (Training) {
      units.store(row.gates, r);
      units.store(row.gates + H, z);
      units.store(row.gates + 2 * H, n);
      units.store(row.saved, q);
    }
  }

  template <class T, class Units, class Row>
  static void backward(const Units& units, int H, const Row& row) {
    const Vec<T> one = all(T(1));
    const Vec<T> r = units.load(row.gates), z = units.load(row.gates + H), n = units.load(row.gates + 2 * H);
    const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
    const Vec<T> dn = dh * (one - z) * (one - n * n);
    const Vec<T> dr = dn * units.load(row.saved) * r * (one - r);
    const Vec<T> dz = dh * (units.load(row.hidden) - n) * z * (one - z);
    units.store(row.d_projected, dr);
    units.store(row.d_projected + H, dz);
    units.store(row.d_projected + 2 * H, dn);
    units.store(row.d_recurrent, dr);
    units.store(row.d_recurrent + H, dz);
    units.store(row.d_recurrent + 2 * H, dn * r);
    units.store(row.d_hidden, dh * z);
  }
};

}  // namespace throughtime
