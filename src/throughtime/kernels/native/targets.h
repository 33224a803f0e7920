// What XLA calls, for arrays of one type.
//
// A target is named throughtime_<family>_<float32|float64>_<infer|train|backward>. Its arrays come in the order in
// which they are taken below; throughtime/kernels/calls.py holds the other end.
#pragma once

#include <string>

#include "backward.h"
#include "families/elman.h"
#include "families/gru.h"
#include "families/lstm.h"
#include "forward.h"
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

ffi::Error no_memory() {
  return ffi::Error(ffi::ErrorCode::kResourceExhausted, "no memory to pack recurrent weights in");
}

int thread_count(const ffi::ThreadPool& pool, int64_t wanted) {
  return int(std::max<int64_t>(1, wanted > 0 ? wanted : pool.num_threads()));
}

// projected, U, vector?, initial states, lengths -> outputs, final states, and for training: before, gates?, saved?
template <class Family, class T, bool Training>
ffi::Error forward(ffi::ThreadPool pool, bool reverse, int64_t threads, ffi::RemainingArgs args,
                   ffi::RemainingRets results) {
  constexpr size_t takes = 3 + Family::has_vector + Family::states;
  constexpr size_t gives =
      1 + Family::states + (Training ? 1 + Family::saves_gates + Family::saves_more : 0);
  if (args.size() != takes || results.size() != gives) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  Results<T> to(results);
  ForwardArrays<T> a{};
  const auto projected = from.any();
  const auto shape = projected.dimensions();
  Sequences s{int(shape[0]), int(shape[1]), int(shape[2]) / Family::gates, reverse, nullptr};
  a.projected = static_cast<const T*>(projected.untyped_data());
  a.weight = from.next();
  if constexpr (Family::has_vector) a.vector = from.next();
  for (int state = 0; state < Family::states; state++) a.initial[state] = from.next();
  s.lengths = from.integers();
  a.outputs = to.next();
  for (int state = 0; state < Family::states; state++) a.final[state] = to.next();
  if constexpr (Training) {
    a.before = to.next();
    if constexpr (Family::saves_gates) a.gates = to.next();
    if constexpr (Family::saves_more) a.saved = to.next();
  }
  Forward<Family, T, Training> pass(s, a);
  if (pass.out_of_memory()) return no_memory();
  pass.run(pool, thread_count(pool, threads));
  return ffi::Error::Success();
}

// d_outputs, U, second initial state?, lengths, before?, gates or outputs, saved?, d_final states
//   -> d_projected, d_initial states, d_recurrent?
template <class Family, class T>
ffi::Error backward(ffi::ThreadPool pool, bool reverse, int64_t threads, ffi::RemainingArgs args,
                    ffi::RemainingRets results) {
  constexpr size_t takes =
      4 + (Family::states - 1) + Family::needs_hidden + Family::saves_more + Family::states;
  constexpr size_t gives = 1 + Family::states + Family::recurrent_differs;
  if (args.size() != takes || results.size() != gives) return wrong_count(args.size(), results.size());
  Arguments<T> from(args);
  Results<T> to(results);
  BackwardArrays<T> a{};
  const auto d_outputs = from.any();
  const auto shape = d_outputs.dimensions();
  Sequences s{int(shape[0]), int(shape[1]), int(shape[2]), reverse, nullptr};
  a.d_outputs = static_cast<const T*>(d_outputs.untyped_data());
  a.weight = from.next();
  if constexpr (Family::states > 1) a.initial[1] = from.next();
  s.lengths = from.integers();
  if constexpr (Family::needs_hidden) a.before = from.next();
  a.gates = from.next();
  if constexpr (Family::saves_more) a.saved = from.next();
  a.d_projected = to.next();
  for (int state = 0; state < Family::states; state++) {
    const T* d_final = from.next();
    a.d_state[state] = to.next();
    if (a.d_state[state] != d_final)
      std::memcpy(a.d_state[state], d_final, size_t(s.batch) * s.hidden * sizeof(T));
  }
  a.d_recurrent = a.d_projected;
  if constexpr (Family::recurrent_differs) a.d_recurrent = to.next();
  Backward<Family, T> pass(s, a);
  if (pass.out_of_memory()) return no_memory();
  pass.run(pool, thread_count(pool, threads));
  return ffi::Error::Success();
}

auto binding() {
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

// Defines the three targets of a family.
#define TARGETS(NAME, TYPE, ...)                                                                  \
  TARGET(throughtime_##NAME##_infer, throughtime::forward<throughtime::__VA_ARGS__, TYPE, false>) \
  TARGET(throughtime_##NAME##_train, throughtime::forward<throughtime::__VA_ARGS__, TYPE, true>)  \
  TARGET(throughtime_##NAME##_backward, throughtime::backward<throughtime::__VA_ARGS__, TYPE>)

#define TARGETS_OF_ALL_FAMILIES(SUFFIX, TYPE)                             \
  TARGETS(elman_tanh_##SUFFIX, TYPE, Elman<throughtime::Tanh>) \
  TARGETS(elman_relu_##SUFFIX, TYPE, Elman<throughtime::Relu>) \
  TARGETS(lstm_##SUFFIX, TYPE, Lstm)                           \
  TARGETS(gru_##SUFFIX, TYPE, Gru)
