// What XLA calls to run a reservoir: over given inputs, and in closed loop with its readout.
//
// A target is named throughtime_reservoir_<float32|float64>_<run|loop>; throughtime/kernels/reservoir.py holds the
// other end.
#include "reservoir.h"
#include "targets.h"

namespace throughtime {
namespace {

auto reservoir_binding() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Attr<double>("leak")
      .Attr<double>("gain")
      .Attr<int64_t>("activation")
      .Attr<bool>("reverse")
      .Attr<int64_t>("threads")
      .RemainingArgs()
      .RemainingRets();
}

// Takes weights and columns.
template <class T>
ReservoirStep<T> step_of(Arguments<T>& from, double leak, double gain, int64_t activation) {
  ReservoirStep<T> step{};
  const auto weights = from.any();
  const auto shape = weights.dimensions();
  step.weights = static_cast<const T*>(weights.untyped_data());
  step.hidden = int(shape[0]), step.fan_in = int(shape[1]);
  step.columns = from.integers();
  step.leak = T(leak), step.gain = T(gain);
  step.squashing = Squashing(activation);
  return step;
}

// weights, columns, projected, initial, lengths -> outputs, final
template <class T>
ffi::Error reservoir_run(ffi::ThreadPool pool, double leak, double gain, int64_t activation, bool reverse,
                         int64_t threads, ffi::RemainingArgs args, ffi::RemainingRets results) {
  if (args.size() != 5 || results.size() != 2) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  Results<T> to(results);
  const auto step = step_of(from, leak, gain, activation);
  ReservoirArrays<T> a{};
  int hidden;
  a.projected = from.sequence(a.steps, a.batch, hidden);
  a.initial = from.next();
  a.lengths = from.integers();
  a.outputs = to.next();
  a.final = to.next();
  a.reverse = reverse;
  return finished(Reservoir<T>(step, a).run(pool, thread_count(pool, threads)));
}

// weights, columns, bias, input weight, readout weight, readout bias, initial, last -> said, final
template <class T>
ffi::Error reservoir_loop(ffi::ThreadPool pool, double leak, double gain, int64_t activation, bool, int64_t,
                          ffi::RemainingArgs args, ffi::RemainingRets results) {
  if (args.size() != 8 || results.size() != 2) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  const auto step = step_of(from, leak, gain, activation);
  LoopArrays<T> a{};
  a.bias = from.next();
  a.input_weight = from.next();
  a.readout_weight = from.next();
  a.readout_bias = from.next();
  a.initial = from.next();
  a.last = from.next();
  auto said = *results.get<ffi::AnyBuffer>(0);
  const auto shape = said->dimensions();
  a.steps = int(shape[0]), a.batch = int(shape[1]), a.outputs = int(shape[2]);
  Results<T> to(results);
  a.said = to.next();
  a.final = to.next();
  return finished(ReservoirLoop<T>(step, a).run(pool));
}

}  // namespace
}  // namespace throughtime

#define RESERVOIR_TARGET(NAME, ...)                                                                 \
  extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* NAME(XLA_FFI_CallFrame* frame) { \
    static auto* handler = throughtime::reservoir_binding().To(__VA_ARGS__).release();              \
    return handler->Call(frame);                                                                    \
  }

RESERVOIR_TARGET(throughtime_reservoir_float32_run, throughtime::reservoir_run<float>)
RESERVOIR_TARGET(throughtime_reservoir_float32_loop, throughtime::reservoir_loop<float>)
RESERVOIR_TARGET(throughtime_reservoir_float64_run, throughtime::reservoir_run<double>)
RESERVOIR_TARGET(throughtime_reservoir_float64_loop, throughtime::reservoir_loop<double>)
