// r, z = sigmoid(a + U h'), n = tanh(a + r (U h' + d)), h = (1 - z) n + z h', with a = W x + b; gates in the order r, z, n.
#pragma once

#include "../activations.h"

namespace throughtime {

struct Gru {
  static constexpr int gates = 3, states = 1;
  static constexpr int phases = 1, first_gates = 3;
  static constexpr int vectors = 1;  // d
  static constexpr int unit_vectors = 1;
  static constexpr bool saves_gates = true;
  static constexpr bool saves_more = true;  // q = U h' + d of the candidate n
  static constexpr bool hidden_passes = true;
  static constexpr bool recurrent_differs = true;

  template <class T, int Phase, bool Training, class Units, class Row>
  static void forward(const Units& units, int H, const Row& row, const Vec<T>* product) {
    const Vec<T> r = sigmoid<T>(units.load(row.gates) + product[0]);
    const Vec<T> z = sigmoid<T>(units.load(row.gates + H) + product[1]);
    const Vec<T> q = product[2] + units.load(row.vectors);
    const Vec<T> n = tanh<T>(units.load(row.gates + 2 * H) + r * q);
    units.store(row.output, (all(T(1)) - z) * n + z * units.load(row.hidden));
    if constexpr (Training) {
      units.store(row.gates, r);
      units.store(row.gates + H, z);
      units.store(row.gates + 2 * H, n);
      units.store(row.saved, q);
    }
  }

  // d_last, the gradient by q, takes the place of q.
  template <class T, int Phase, class Units, class Row>
  static void backward(const Units& units, int H, const Row& row) {
    const Vec<T> one = all(T(1));
    const Vec<T> r = units.load(row.gates), z = units.load(row.gates + H), n = units.load(row.gates + 2 * H);
    const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
    const Vec<T> dn = dh * (one - z) * (one - n * n), dq = dn * r;
    units.store(row.d_projected, dn * units.load(row.saved) * r * (one - r));
    units.store(row.d_projected + H, dh * (units.load(row.hidden) - n) * z * (one - z));
    units.store(row.d_projected + 2 * H, dn);
    units.store(row.d_last, dq);
    units.store(row.d_vectors, units.load(row.d_vectors) + dq);
    units.store(row.d_hidden, dh * z);
  }
};

}  // namespace throughtime
