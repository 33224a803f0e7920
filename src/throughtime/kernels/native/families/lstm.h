// i, f, o = sigmoid(a + U h' + p c), g = tanh(a + U h'), c = f c' + i g, h = o tanh(c), with a = W x + b.
//
// Peepholes p: those of i and f see c', that of o sees c; without them p = 0. Coupled: f = 1 - i.
// Gates in the order i, f, g, o, or i, g, o if coupled; peepholes in the order i, f, o, or i, o.
#pragma once

#include "../activations.h"

namespace throughtime {

template <bool Peepholes, bool Coupled>
struct Lstm {
  static constexpr int gates = Coupled ? 3 : 4, states = 2;
  static constexpr int phases = 1, first_gates = gates;
  static constexpr int vectors = Peepholes ? gates - 1 : 0;
  static constexpr int unit_vectors = 1;
  static constexpr bool saves_gates = true;
  static constexpr bool saves_more = true;  // c
  static constexpr bool hidden_passes = false;
  static constexpr bool recurrent_differs = false;
  static constexpr int I = 0, F = 1, G = Coupled ? 1 : 2, O = Coupled ? 2 : 3;
  static constexpr int o_peephole = vectors - 1;

  template <class T, int Phase, bool Training, class Units, class Row>
  static void forward(const Units& units, int H, const Row& row, const Vec<T>* product) {
    const auto peephole = [&](int n) { return units.load(row.vectors + n * H); };
    const Vec<T> before = units.load(row.state);
    Vec<T> i = units.load(row.gates) + product[I];
    if constexpr (Peepholes) i += peephole(0) * before;
    i = sigmoid<T>(i);
    Vec<T> f = all(T(1)) - i;
    if constexpr (!Coupled) {
      f = units.load(row.gates + F * H) + product[F];
      if constexpr (Peepholes) f += peephole(1) * before;
      f = sigmoid<T>(f);
    }
    const Vec<T> g = tanh<T>(units.load(row.gates + G * H) + product[G]);
    const Vec<T> c = f * before + i * g;
    Vec<T> o = units.load(row.gates + O * H) + product[O];
    if constexpr (Peepholes) o += peephole(o_peephole) * c;
    o = sigmoid<T>(o);
    units.store(row.state, c);
    units.store(row.output, o * tanh<T>(c));
    if constexpr (Training) {
      units.store(row.gates, i);
      if constexpr (!Coupled) units.store(row.gates + F * H, f);
      units.store(row.gates + G * H, g);
      units.store(row.gates + O * H, o);
      units.store(row.saved, c);
    }
  }

  template <class T, int Phase, class Units, class Row>
  static void backward(const Units& units, int H, const Row& row) {
    const Vec<T> one = all(T(1));
    const Vec<T> i = units.load(row.gates), g = units.load(row.gates + G * H), o = units.load(row.gates + O * H);
    const Vec<T> f = Coupled ? one - i : units.load(row.gates + F * H);
    const Vec<T> c = units.load(row.saved), before = units.load(row.state), tanh_c = tanh<T>(c);
    const Vec<T> dh = units.load(row.d_output) + units.load(row.d_hidden);
    const Vec<T> d_o = dh * tanh_c * o * (one - o);
    Vec<T> dc = units.load(row.d_state) + dh * o * (one - tanh_c * tanh_c);
    const auto peephole = [&](int n) { return units.load(row.vectors + n * H); };
    if constexpr (Peepholes) dc += d_o * peephole(o_peephole);
    const Vec<T> di = dc * (Coupled ? g - before : g) * i * (one - i);
    const Vec<T> df = dc * before * f * (one - f);
    units.store(row.d_projected, di);
    if constexpr (!Coupled) units.store(row.d_projected + F * H, df);
    units.store(row.d_projected + G * H, dc * i * (one - g * g));
    units.store(row.d_projected + O * H, d_o);
    Vec<T> d_before = dc * f;
    if constexpr (Peepholes) {
      const auto add = [&](int n, Vec<T> gradient) {
        units.store(row.d_vectors + n * H, units.load(row.d_vectors + n * H) + gradient);
      };
      d_before += di * peephole(0);
      add(0, di * before);
      if constexpr (!Coupled) {
        d_before += df * peephole(1);
        add(1, df * before);
      }
      add(o_peephole, d_o * c);
    }
    units.store(row.d_state, d_before);
  }
};

}  // namespace throughtime
