// h = act(a + U h'), with a = W x + b and h' the hidden layer before.
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
  static constexpr int gates = 1, states = 1;
  static constexpr int phases = 1;       // products with U one after another, the second reading what the first gave
  static constexpr int first_gates = 1;  // gates that come from the first product; if there are two, all but one
  static constexpr int vectors = 0;      // weights [H] besides W, U and b
  static constexpr int unit_vectors = 4;  // vectors of units in one tile
  static constexpr bool saves_gates = false;        // training keeps the outputs alone
  static constexpr bool saves_more = false;
  static constexpr bool hidden_passes = false;      // h' reaches h past the product U h' too
  static constexpr bool recurrent_differs = false;  // of the last gate, the gradients by a and by U h' are not the same

  template <class T, int Phase, bool Training, class Units, class Row>
  static void forward(const Units& units, int, const Row& row, const Vec<T>* product) {
    units.store(row.output, Activation::template value<T>(units.load(row.gates) + product[0]));
  }

  template <class T, int Phase, class Units, class Row>
  static void backward(const Units& units, int, const Row& row) {
    const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
    units.store(row.d_projected, Activation::template slope<T>(units.load(row.output), dh));
  }
};

}  // namespace throughtime
