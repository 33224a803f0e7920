// What XLA calls, for arrays of one type.
//
// A target is named throughtime_<family>_<float32|float64>_<infer|train|backward|weights>; the gradient by the inputs
// is the same for all families. The arrays of a target come in the order in which they are taken below;
// throughtime/kernels/calls.py holds the other end.
#pragma once

#include <string>

#include "backward.h"
#include "families/all.h"
#include "forward.h"
#include "input_gradient.h"
#include "weight_gradient.h"
#include "xla/ffi/api/ffi.h"

namespace throughtime {
namespace {

namespace ffi = xla::ffi;

// The arrays of a call, taken one after another.
template <class T>
class Arguments {
 public:
  explicit Arguments(const ffi::RemainingArgs& args) : args_(args) {}

  const T* next() { return static_cast<const T*>(any().untyped_data()); }
  const int32_t* integers() { return static_cast<const int32_t*>(any().untyped_data()); }
  ffi::AnyBuffer any() { return *args_.get<ffi::AnyBuffer>(number_++); }

  // Takes a sequence [T, B, feature], and gives its sizes.
  const T* sequence(int& steps, int& batch, int& features) {
    const auto array = any();
    const auto shape = array.dimensions();
    steps = int(shape[0]), batch = int(shape[1]), features = int(shape[2]);
    return static_cast<const T*>(array.untyped_data());
  }

 private:
  const ffi::RemainingArgs& args_;
  size_t number_ = 0;
};

template <class T>
class Results {
 public:
  explicit Results(const ffi::RemainingRets& results) : results_(results) {}

  T* next() { return static_cast<T*>((*results_.get<ffi::AnyBuffer>(number_++))->untyped_data()); }

 private:
  const ffi::RemainingRets& results_;
  size_t number_ = 0;
};

ffi::Error wrong_count(size_t given, size_t results) {
  return ffi::Error::InvalidArgument("a recurrence kernel was called with " + std::to_string(given) +
                                     " arrays and " + std::to_string(results) + " results");
}

ffi::Error finished(bool had_memory) {
  if (had_memory) return ffi::Error::Success();
  return ffi::Error(ffi::ErrorCode::kResourceExhausted, "no memory for the packed weights of a recurrence");
}

int thread_count(const ffi::ThreadPool& pool, int64_t wanted) {
  return int(std::max<int64_t>(1, wanted > 0 ? wanted : pool.num_threads()));
}

// inputs, W, b, U, vectors?, initial states, lengths -> outputs, final states, and for training: gates?, saved?
template <class Family, class T, bool Training>
ffi::Error forward(ffi::ThreadPool pool, bool reverse, int64_t threads, ffi::RemainingArgs args,
                   ffi::RemainingRets results) {
  constexpr size_t takes = 5 + (Family::vectors > 0) + Family::states;
  constexpr size_t gives = 1 + Family::states + (Training ? Family::saves_gates + Family::saves_more : 0);
  if (args.size() != takes || results.size() != gives) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  Results<T> to(results);
  ForwardArrays<T> a{};
  Sequences s{};
  s.reverse = reverse;
  a.inputs = from.sequence(s.steps, s.batch, s.inputs);
  a.input_weight = from.next();
  const auto bias = from.any();
  a.bias = static_cast<const T*>(bias.untyped_data());
  s.hidden = int(bias.element_count()) / Family::gates;
  a.weight = from.next();
  if constexpr (Family::vectors > 0) a.vectors = from.next();
  for (int state = 0; state < Family::states; state++) a.initial[state] = from.next();
  s.lengths = from.integers();
  a.outputs = to.next();
  for (int state = 0; state < Family::states; state++) a.final[state] = to.next();
  if constexpr (Training && Family::saves_gates) a.gates = to.next();
  if constexpr (Training && Family::saves_more) a.saved = to.next();
  ForwardWeights<Family, T> packed(s.inputs, s.hidden);
  return finished(Forward<Family, T, Training>(s, a, packed).pack_and_run(pool, thread_count(pool, threads)));
}

// d_outputs, U, vectors?, initial states, lengths, outputs, gates?, saved?, d_final states
//   -> d_projected, d_initial states, d_last?, d_vectors?
template <class Family, class T>
ffi::Error backward(ffi::ThreadPool pool, bool reverse, int64_t threads, ffi::RemainingArgs args,
                    ffi::RemainingRets results) {
  constexpr size_t takes =
      4 + (Family::vectors > 0) + 2 * Family::states + Family::saves_gates + Family::saves_more;
  constexpr size_t gives = 1 + Family::states + Family::recurrent_differs + (Family::vectors > 0);
  if (args.size() != takes || results.size() != gives) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  Results<T> to(results);
  BackwardArrays<T> a{};
  Sequences s{};
  s.reverse = reverse;
  a.d_outputs = from.sequence(s.steps, s.batch, s.hidden);
  a.weight = from.next();
  if constexpr (Family::vectors > 0) a.vectors = from.next();
  for (int state = 0; state < Family::states; state++) a.initial[state] = from.next();
  s.lengths = from.integers();
  a.outputs = from.next();
  if constexpr (Family::saves_gates) a.gates = from.next();
  if constexpr (Family::saves_more) a.saved = from.next();
  a.d_projected = to.next();
  for (int state = 0; state < Family::states; state++) {
    const T* d_final = from.next();
    a.d_state[state] = to.next();
    if (a.d_state[state] != d_final)
      std::memcpy(a.d_state[state], d_final, size_t(s.batch) * s.hidden * sizeof(T));
  }
  if constexpr (Family::recurrent_differs) a.d_last = to.next();
  if constexpr (Family::vectors > 0) a.d_vectors = to.next();
  return finished(Backward<Family, T>(s, a).run(pool, thread_count(pool, threads)));
}

// d_projected, d_last?, inputs, initial hidden, outputs, middle?, lengths -> d_W, d_b, d_U
template <class Family, class T>
ffi::Error weights(ffi::ThreadPool pool, bool reverse, int64_t threads, ffi::RemainingArgs args,
                   ffi::RemainingRets results) {
  constexpr size_t takes = 5 + Family::recurrent_differs + (Family::phases > 1);
  if (args.size() != takes || results.size() != 3) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  Results<T> to(results);
  WeightGradientArrays<T> a{};
  Sequences s{};
  s.reverse = reverse;
  a.d_projected = from.next();
  if constexpr (Family::recurrent_differs) a.d_last = from.next();
  a.inputs = from.sequence(s.steps, s.batch, s.inputs);
  a.initial_hidden = from.next();
  a.outputs = from.sequence(s.steps, s.batch, s.hidden);
  if constexpr (Family::phases > 1) a.middle = from.next();
  s.lengths = from.integers();
  a.d_input_weight = to.next();
  a.d_bias = to.next();
  a.d_weight = to.next();
  return finished(WeightGradient<Family, T>(s, a).run(pool, thread_count(pool, threads)));
}

// d_projected, W, lengths -> d_inputs
template <class T>
ffi::Error inputs(ffi::ThreadPool pool, bool reverse, int64_t threads, ffi::RemainingArgs args,
                  ffi::RemainingRets results) {
  if (args.size() != 3 || results.size() != 1) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  Sequences s{};
  s.reverse = reverse;
  int rows;
  const T* d_projected = from.sequence(s.steps, s.batch, rows);
  const auto weight = from.any();
  s.inputs = int(weight.dimensions()[1]);
  s.lengths = from.integers();
  InputGradient<T> pass(s, rows, d_projected, static_cast<const T*>(weight.untyped_data()), Results<T>(results).next());
  return finished(pass.run(pool, thread_count(pool, threads)));
}

[[maybe_unused]] auto binding() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Attr<bool>("reverse")
      .Attr<int64_t>("threads")
      .RemainingArgs()
      .RemainingRets();
}

}  // namespace
}  // namespace throughtime

#define TARGET(NAME, ...)                                                                            \
  extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* NAME(XLA_FFI_CallFrame* frame) { \
    static auto* handler = throughtime::binding().To(__VA_ARGS__).release();                        \
    return handler->Call(frame);                                                                     \
  }

// Defines the targets of a family for numbers of a TYPE.
#define TARGETS(NAME, TYPE, ...)                                                                  \
  TARGET(throughtime_##NAME##_infer, throughtime::forward<throughtime::__VA_ARGS__, TYPE, false>) \
  TARGET(throughtime_##NAME##_train, throughtime::forward<throughtime::__VA_ARGS__, TYPE, true>)  \
  TARGET(throughtime_##NAME##_backward, throughtime::backward<throughtime::__VA_ARGS__, TYPE>)    \
  TARGET(throughtime_##NAME##_weights, throughtime::weights<throughtime::__VA_ARGS__, TYPE>)
