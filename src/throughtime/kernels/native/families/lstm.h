// i, f, o = sigmoid(a + U h'), g = tanh(a + U h'), c = f c' + i g, h = o tanh(c); gates in the order i, f, g, o.
#pragma once

#include "../activations.h"

namespace throughtime {

struct Lstm {
  static constexpr int gates = 4, states = 2, unit_vectors = 1;
  static constexpr bool has_vector = false;
  static constexpr bool saves_gates = true;
  static constexpr bool saves_more = true;  // c
  static constexpr bool needs_hidden = false;
  static constexpr bool hidden_passes = false;
  static constexpr bool recurrent_differs = false;

  template <class T, bool Training, class Units, class Row>
  static void forward(const Units& units, int H, const Row& row, const Vec<T>* product) {
    const Vec<T> i = sigmoid<T>(units.load(row.projected) + product[0]);
    const Vec<T> f = sigmoid<T>(units.load(row.projected + H) + product[1]);
    const Vec<T> g = tanh<T>(units.load(row.projected + 2 * H) + product[2]);
    const Vec<T> o = sigmoid<T>(units.load(row.projected + 3 * H) + product[3]);
    const Vec<T> c = f * units.load(row.state) + i * g;
    units.store(row.state, c);
    units.store(row.output, o * tanh<T>(c));
    if constexpr (Training) {
      units.store(row.gates, i);
      units.store(row.gates + H, f);
      units.store(row.gates + 2 * H, g);
      units.store(row.gates + 3 * H, o);
      units.store(row.saved, c);
    }
  }

  template <class T, class Units, class Row>
  static void backward(const Units& units, int H, const Row& row) {
    const Vec<T> one = all(T(1));
    const Vec<T> i = units.load(row.gates), f = units.load(row.gates + H);
    const Vec<T> g = units.load(row.gates + 2 * H), o = units.load(row.gates + 3 * H);
    const Vec<T> tanh_c = tanh<T>(units.load(row.saved));
    const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
    const Vec<T> dc = units.load(row.d_state) + dh * o * (one - tanh_c * tanh_c);
    units.store(row.d_projected, dc * g * i * (one - i));
    units.store(row.d_projected + H, dc * units.load(row.state) * f * (one - f));
    units.store(row.d_projected + 2 * H, dc * i * (one - g * g));
    units.store(row.d_projected + 3 * H, dh * tanh_c * o * (one - o));
    units.store(row.d_state, dc * f);
  }
};

}  // namespace throughtime
