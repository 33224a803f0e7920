// What XLA calls to run a liquid over given inputs.
//
// A target is named throughtime_liquid_<float32|float64>; throughtime/kernels/liquid.py holds the other end.
#include "liquid.h"
#include "targets.h"

namespace throughtime {
namespace {

auto liquid_binding() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Attr<ffi::Span<const double>>("constants")
      .Attr<bool>("reverse")
      .RemainingArgs()
      .RemainingRets();
}

// Takes the place of an array that the call may change, with what it starts from.
template <class T>
T* changing(const ffi::RemainingArgs& args, size_t from, const ffi::RemainingRets& results, size_t to) {
  const auto start = *args.get<ffi::AnyBuffer>(from);
  auto place = *results.get<ffi::AnyBuffer>(to);
  T* const values = static_cast<T*>(place->untyped_data());
  if (values != start.untyped_data()) std::memcpy(values, start.untyped_data(), start.size_bytes());
  return values;
}

// amplitude, use, depression, facilitation, targets, delays, inhibitory, refractory steps, lengths; driven, membrane,
// current, used, resources, arriving, refractory left, since spike, position -> the last nine, after all steps
template <class T>
ffi::Error liquid_run(ffi::ThreadPool pool, ffi::Span<const double> constants, bool reverse, ffi::RemainingArgs args,
                      ffi::RemainingRets results) {
  constexpr size_t fixed = 9, moving = 9;
  if (args.size() != fixed + moving || results.size() != moving) return wrong_count(args.size(), results.size());
  if (constants.size() != 8) return ffi::Error::InvalidArgument("a liquid has eight constants");
  const double* k = constants.begin();
  const LiquidConstants<T> c{T(k[0]), T(k[1]), T(k[2]), T(k[3]), T(k[4]), T(k[5]), T(k[6]), T(k[7])};
  Arguments<T> from(args);
  LiquidWiring<T> w{};
  const auto synapses = from.any();
  w.amplitude_na = static_cast<const T*>(synapses.untyped_data());
  w.neurons = int(synapses.dimensions()[0]), w.fan_out = int(synapses.dimensions()[1]);
  w.use = from.next();
  w.depression_ms = from.next();
  w.facilitation_ms = from.next();
  w.targets = from.integers();
  w.delay_steps = from.integers();
  w.inhibitory = from.integers();
  w.refractory_steps = from.integers();
  LiquidArrays<T> a{};
  a.lengths = from.integers();
  const auto driven = args.get<ffi::AnyBuffer>(fixed)->dimensions();
  a.steps = int(driven[0]), a.batch = int(driven[1]);
  w.slots = int(args.get<ffi::AnyBuffer>(fixed + 5)->dimensions()[1]);
  a.reverse = reverse;
  size_t to = 0;
  auto floats = [&] { return to++, changing<T>(args, fixed + to - 1, results, to - 1); };
  auto integers = [&] { return to++, changing<int32_t>(args, fixed + to - 1, results, to - 1); };
  a.outputs = floats();
  a.states.membrane_mv = floats();
  a.states.current_na = floats();
  a.states.used = floats();
  a.states.resources = floats();
  a.states.arriving_na = floats();
  a.states.refractory_left = integers();
  a.states.since_spike = integers();
  a.states.position = integers();
  run_liquid(pool, c, w, a);
  return finished(true);  // it took no memory of its own
}

}  // namespace
}  // namespace throughtime

#define LIQUID_TARGET(NAME, TYPE)                                                                      \
  extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* NAME(XLA_FFI_CallFrame* frame) {    \
    static auto* handler = throughtime::liquid_binding().To(throughtime::liquid_run<TYPE>).release();  \
    return handler->Call(frame);                                                                       \
  }

LIQUID_TARGET(throughtime_liquid_float32, float)
LIQUID_TARGET(throughtime_liquid_float64, double)
