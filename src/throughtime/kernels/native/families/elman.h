// h = act(a + U h'), with h' the hidden layer before.
#pragma once

#include "../activations.h"

namespace throughtime {

struct Tanh {
  template <class T>
  static Vec<T> value(Vec<T> x) { return tanh<T>(x); }
  template <class T>
  static Vec<T> slope(Vec<T> h, Vec<T> gradient) { return gradient * (all(T(1)) - h * h); }
};

struct Relu {
  template <class T>
  static Vec<T> value(Vec<T> x) { return relu<T>(x); }
  // At h = 0 the slope is 0, and an infinite gradient must not become NaN there: a choice, not a product.
  template <class T>
  static Vec<T> slope(Vec<T> h, Vec<T> gradient) { return h > 0 ? gradient : Vec<T>{}; }
};

template <class Activation>
struct Elman {
  static constexpr int gates = 1, states = 1, unit_vectors = 4;
  static constexpr bool has_vector = false;         // a weight [H] besides U
  static constexpr bool saves_gates = false;        // training keeps the outputs alone
  static constexpr bool saves_more = false;
  static constexpr bool needs_hidden = false;       // the backward pass reads h'
  static constexpr bool hidden_passes = false;      // h' reaches h past the product U h' too
  static constexpr bool recurrent_differs = false;  // the gradients by a and by U h' are not the same

  template <class T, bool Training, class Units, class Row>
  static void forward(const Units& units, int, const Row& row, const Vec<T>* product) {
    units.store(row.output, Activation::template value<T>(units.load(row.projected) + product[0]));
  }

  template <class T, class Units, class Row>
  static void backward(const Units& units, int, const Row& row) {
    const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
    units.store(row.d_projected, Activation::template slope<T>(units.load(row.gates), dh));
  }
};

}  // namespace throughtime
