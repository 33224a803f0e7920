// Steps of a liquid: leaky integrate-and-fire neurons that send one another pulses of current by synapses that tire.
//
// All neurons move at every step, a vector of them at a time. Spikes are rare, so what they cause is done spike by spike:
// the synapses of a neuron are touched when it fires and at no other time, and throw their pulses into a ring of the
// steps to come.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "threads.h"

namespace throughtime {

// In the order in which throughtime/kernels/liquid.py sends them.
template <class T>
struct LiquidConstants {
  T membrane_decay, excitatory_decay, inhibitory_decay;
  T resistance_mohm, background_na, threshold_mv, reset_mv, step_ms;
};

// The synapses that leave each neuron, [neurons, fan_out], and what is known of the neurons, [neurons].
template <class T>
struct LiquidWiring {
  const T *amplitude_na, *use, *depression_ms, *facilitation_ms;
  const int32_t *targets, *delay_steps;
  const int32_t *inhibitory, *refractory_steps;
  int neurons, fan_out, slots;
};

// What one sequence remembers.
template <class T>
struct LiquidState {
  T* membrane_mv;             // [neurons]
  T* current_na;              // [2, neurons], of excitatory and of inhibitory synapses
  T *used, *resources;        // [neurons, fan_out], as the last spike left them
  T* arriving_na;             // [slots, 2, neurons], the ring
  int32_t* refractory_left;   // [neurons], steps
  int32_t* since_spike;       // [neurons], steps
  int32_t* position;          // [1], the slot that arrives next
};

template <class T>
class Liquid {
 public:
  Liquid(const LiquidConstants<T>& constants, const LiquidWiring<T>& wiring) : c_(constants), w_(wiring) {}

  // Takes a step: what drives the neurons stands in `driven`, and their spikes take its place.
  void step(LiquidState<T>& s, T* driven) const {
    if (move(s, driven)) {
      for (int neuron = 0; neuron < w_.neurons; neuron++)
        if (driven[neuron] != T(0)) release(s, neuron);
    }
    *s.position = *s.position + 1 == w_.slots ? 0 : *s.position + 1;
  }

 private:
  // Returns whether a neuron fired.
  bool move(LiquidState<T>& s, T* driven) const {
    constexpr int32_t longest = 1 << 30;  // past which nobody counts
    const int neurons = w_.neurons;
    T* excitatory = s.current_na;
    T* inhibitory = s.current_na + neurons;
    T* exciting = s.arriving_na + size_t(*s.position) * 2 * neurons;
    T* inhibiting = exciting + neurons;
    T* membrane = s.membrane_mv;
    int32_t* left = s.refractory_left;
    int32_t* since = s.since_spike;
    const int32_t* pause = w_.refractory_steps;
    const LiquidConstants<T> c = c_;
    int32_t fired = 0;
#pragma GCC ivdep  // none of these arrays overlaps another
    for (int n = 0; n < neurons; n++) {
      excitatory[n] = c.excitatory_decay * excitatory[n] + exciting[n] + driven[n];
      inhibitory[n] = c.inhibitory_decay * inhibitory[n] + inhibiting[n];
      exciting[n] = inhibiting[n] = 0;
      const T goal = c.resistance_mohm * (excitatory[n] + inhibitory[n] + c.background_na);
      const T moved = goal + (membrane[n] - goal) * c.membrane_decay;
      const bool free = left[n] == 0;
      const bool fires = free & (moved >= c.threshold_mv);
      membrane[n] = free & !fires ? moved : c.reset_mv;
      left[n] = fires ? pause[n] : std::max(left[n] - 1, 0);
      since[n] = std::min(since[n] + 1, longest);
      driven[n] = fires ? T(1) : T(0);
      fired |= fires;
    }
    return fired != 0;
  }

  void release(LiquidState<T>& s, int neuron) const {
    const size_t first = size_t(neuron) * w_.fan_out;
    const T elapsed_ms = T(s.since_spike[neuron]) * c_.step_ms;
    const int receptor = w_.inhibitory[neuron] != 0;
    for (size_t one = first; one < first + w_.fan_out; one++) {
      const T use = w_.use[one], before = s.used[one], rest = s.resources[one];
      const T used = use + before * (T(1) - use) * std::exp(-elapsed_ms / w_.facilitation_ms[one]);
      const T resources = T(1) + (rest - before * rest - T(1)) * std::exp(-elapsed_ms / w_.depression_ms[one]);
      s.used[one] = used;
      s.resources[one] = resources;
      int slot = *s.position + w_.delay_steps[one];
      slot = slot >= w_.slots ? slot - w_.slots : slot;
      s.arriving_na[(size_t(slot) * 2 + receptor) * w_.neurons + w_.targets[one]] +=
          w_.amplitude_na[one] * used * resources;
    }
    s.since_spike[neuron] = 0;
  }

  const LiquidConstants<T> c_;
  const LiquidWiring<T> w_;
};

template <class T>
struct LiquidArrays {
  T* outputs;              // [steps, batch, neurons]; holds what drives the neurons, and then their spikes
  const int32_t* lengths;  // [batch]
  LiquidState<T> states;   // of the first sequence; those of the others lie behind it
  int steps, batch;
  bool reverse;
};

// Runs all sequences, each by one thread.
template <class T, class Pool>
void run_liquid(Pool& pool, const LiquidConstants<T>& constants, const LiquidWiring<T>& w, const LiquidArrays<T>& a) {
  const Liquid<T> liquid(constants, w);
  run_chunks(pool, a.batch, [&](int row) {
    const size_t neurons = w.neurons, synapses = neurons * w.fan_out, number = row;
    LiquidState<T> s = a.states;
    s.membrane_mv += number * neurons;
    s.current_na += number * 2 * neurons;
    s.used += number * synapses;
    s.resources += number * synapses;
    s.arriving_na += number * w.slots * 2 * neurons;
    s.refractory_left += number * neurons;
    s.since_spike += number * neurons;
    s.position += number;
    const int length = a.lengths[row];
    for (int t = 0; t < length; t++)
      liquid.step(s, a.outputs + (size_t(a.reverse ? length - 1 - t : t) * a.batch + number) * neurons);
    for (int t = length; t < a.steps; t++)
      std::memset(a.outputs + (size_t(t) * a.batch + number) * neurons, 0, neurons * sizeof(T));
  });
}

}  // namespace throughtime
