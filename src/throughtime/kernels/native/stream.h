// A network that goes one step at a time, for many streams: every layer keeps its weights packed, and what a stream
// remembers lies in arrays of the caller, one row a stream.
#pragma once

#include <cmath>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "activations.h"
#include "families/all.h"
#include "forward.h"

namespace throughtime {

// A layer takes one step of some of its streams: in [count, inputs] -> out [count, outputs], for the streams `rows`.
template <class T>
class StreamLayer {
 public:
  explicit StreamLayer(int outputs) : outputs_(outputs) {}
  virtual ~StreamLayer() = default;
  // Returns false if there was no memory for it.
  virtual bool step(int count, const int32_t* rows, const T* in, T* out) = 0;
  int outputs() const { return outputs_; }

 private:
  int outputs_;
};

// Sizes, weights and states of a layer as the caller gives them. Weights are copied, states stay where they are.
template <class T>
struct LayerArrays {
  int inputs, outputs, size;   // the third size is of a layer that needs one
  const T* const* weights;
  T* const* states;            // [streams, ...] each
};

template <class Family, class T>
class RecurrentLayer final : public StreamLayer<T> {
 public:
  explicit RecurrentLayer(const LayerArrays<T>& a)
      : StreamLayer<T>(a.outputs), inputs_(a.inputs), hidden_(a.outputs), packed_(a.inputs, a.outputs),
        bias_(a.weights[1], a.weights[1] + size_t(Family::gates) * a.outputs) {
    if constexpr (Family::vectors > 0)
      vectors_.assign(a.weights[3], a.weights[3] + size_t(Family::vectors) * a.outputs);
    for (int state = 0; state < Family::states; state++) states_[state] = a.states[state];
    if (!packed_.missing())
      for (int block = 0; block < packed_.blocks().count(); block++) packed_.pack(a.weights[0], a.weights[2], block);
  }

  bool step(int count, const int32_t* rows, const T* in, T* out) override {
    if (packed_.missing()) return false;
    const size_t size = hidden_;
    ForwardArrays<T> a{};
    a.inputs = in;
    a.bias = bias_.data();
    a.vectors = vectors_.data();
    a.outputs = out;
    for (int state = 0; state < Family::states; state++) {
      before_[state].resize(count * size);
      after_[state].resize(count * size);
      for (int i = 0; i < count; i++)
        std::memcpy(&before_[state][i * size], states_[state] + rows[i] * size, size * sizeof(T));
      a.initial[state] = before_[state].data();
      a.final[state] = after_[state].data();
    }
    lengths_.assign(count, 1);
    const Sequences s{1, count, inputs_, hidden_, false, lengths_.data()};
    if (!Forward<Family, T, false>(s, a, packed_).run()) return false;
    for (int state = 0; state < Family::states; state++)
      for (int i = 0; i < count; i++)
        std::memcpy(states_[state] + rows[i] * size, &after_[state][i * size], size * sizeof(T));
    return true;
  }

 private:
  int inputs_, hidden_;
  ForwardWeights<Family, T> packed_;
  std::vector<T> bias_, vectors_;
  T* states_[2] = {};
  std::vector<T> before_[2], after_[2];
  std::vector<int32_t> lengths_;
};

// W x + b for a few rows.
template <class T>
class Affine {
 public:
  Affine(int inputs, int outputs, const T* weight, const T* bias)
      : inputs_(inputs), blocks_(Blocks<T>::even(outputs, 4)), panels_(blocks_.size(inputs, 1)), bias_(bias, bias + outputs) {
    if (!panels_.missing())
      for (int block = 0; block < blocks_.count(); block++)
        pack_rows(weight, inputs, 1, blocks_, block, panels_.data());
  }

  bool apply(int count, const T* in, T* out) const {
    if (panels_.missing()) return false;
    constexpr int width = Simd<T>::width;
    for (int block = 0; block < blocks_.count(); block++) {
      const int vectors = blocks_.vectors(block);
      in_groups(count, rows_of_tile(vectors), [&](int begin, int size) {
        const T* from[kMostRows] = {};
        for (int i = 0; i < size; i++) from[i] = in + size_t(begin + i) * inputs_;
        Sums<T> sums;
        multiplier<T>(size, vectors)(from, panels_.data() + blocks_.offset(block, inputs_, 1), inputs_, sums);
        for (int i = 0; i < size; i++)
          for (int v = 0; v < vectors; v++) {
            const int first = blocks_.first_unit(block) + v * width;
            const Units<T, false> units{first, std::min(width, blocks_.units - first)};
            units.store(out + size_t(begin + i) * blocks_.units, sums[i * vectors + v] + units.load(bias_.data()));
          }
      });
    }
    return true;
  }

 private:
  int inputs_;
  Blocks<T> blocks_;
  Buffer<T> panels_;
  std::vector<T> bias_;
};

template <class T>
class AffineLayer final : public StreamLayer<T> {
 public:
  explicit AffineLayer(const LayerArrays<T>& a)
      : StreamLayer<T>(a.outputs), affine_(a.inputs, a.outputs, a.weights[0], a.weights[1]) {}
  bool step(int count, const int32_t*, const T* in, T* out) override { return affine_.apply(count, in, out); }

 private:
  Affine<T> affine_;
};

// The running mean of what came: states mean [streams, inputs] and steps [streams].
template <class T>
class MeanLayer final : public StreamLayer<T> {
 public:
  explicit MeanLayer(const LayerArrays<T>& a)
      : StreamLayer<T>(a.outputs), size_(a.inputs), mean_(a.states[0]), steps_(a.states[1]) {}

  bool step(int count, const int32_t* rows, const T* in, T* out) override {
    for (int i = 0; i < count; i++) {
      T* mean = mean_ + size_t(rows[i]) * size_;
      const T steps = steps_[rows[i]] += 1;
      for (int n = 0; n < size_; n++) {
        mean[n] += (in[size_t(i) * size_ + n] - mean[n]) / steps;
        out[size_t(i) * size_ + n] = mean[n];
      }
    }
    return true;
  }

 private:
  int size_;
  T *mean_, *steps_;
};

// The running mean weighted by exp(v . tanh(W x + b)): states largest score [streams], weights relative to it
// [streams], mean [streams, inputs].
template <class T>
class AttentionLayer final : public StreamLayer<T> {
 public:
  explicit AttentionLayer(const LayerArrays<T>& a)
      : StreamLayer<T>(a.outputs), inputs_(a.inputs), size_(a.size), affine_(a.inputs, a.size, a.weights[0], a.weights[1]),
        direction_(a.weights[2], a.weights[2] + a.size), score_(a.states[0]), weights_(a.states[1]),
        mean_(a.states[2]) {}

  bool step(int count, const int32_t* rows, const T* in, T* out) override {
    scored_.resize(size_t(count) * size_);
    if (!affine_.apply(count, in, scored_.data())) return false;
    for (int i = 0; i < count; i++) {
      T score = 0;
      for (int n = 0; n < size_; n++) score += direction_[n] * std::tanh(scored_[size_t(i) * size_ + n]);
      T &largest = score_[rows[i]], &total = weights_[rows[i]];
      const T reference = std::max(largest, score), now = std::exp(score - reference);
      total = total * std::exp(largest - reference) + now;
      largest = reference;
      T* mean = mean_ + size_t(rows[i]) * inputs_;
      for (int n = 0; n < inputs_; n++) {
        mean[n] += (in[size_t(i) * inputs_ + n] - mean[n]) * (now / total);
        out[size_t(i) * inputs_ + n] = mean[n];
      }
    }
    return true;
  }

 private:
  int inputs_, size_;
  Affine<T> affine_;
  std::vector<T> direction_, scored_;
  T *score_, *weights_, *mean_;
};

// tanh of an affine map of the last `size` elements: state pending [streams, size - 1, outputs], what earlier elements
// contribute to the outputs to come.
template <class T>
class WindowLayer final : public StreamLayer<T> {
 public:
  explicit WindowLayer(const LayerArrays<T>& a)
      : StreamLayer<T>(a.outputs), window_(a.size), hidden_(a.outputs), bias_(a.weights[1], a.weights[1] + a.outputs),
        affine_(a.inputs, a.size * a.outputs, a.weights[0], std::vector<T>(size_t(a.size) * a.outputs).data()),
        pending_(a.states[0]) {}

  bool step(int count, const int32_t* rows, const T* in, T* out) override {
    const size_t waiting = size_t(window_ - 1) * hidden_, whole = size_t(window_) * hidden_;
    arrived_.resize(count * whole);
    if (!affine_.apply(count, in, arrived_.data())) return false;
    for (int i = 0; i < count; i++) {
      T *pending = pending_ + rows[i] * waiting, *arrived = arrived_.data() + i * whole;
      for (size_t n = 0; n < waiting; n++) arrived[n] += pending[n];
      std::memcpy(pending, arrived + hidden_, waiting * sizeof(T));
      for (int n = 0; n < hidden_; n++) out[size_t(i) * hidden_ + n] = std::tanh(arrived[n] + bias_[n]);
    }
    return true;
  }

 private:
  int window_, hidden_;
  std::vector<T> bias_;
  Affine<T> affine_;
  std::vector<T> arrived_;
  T* pending_;
};

// Rows of a table [inputs, outputs]; the input is numbers of rows, int32, and one outside the table counts as the
// nearest within it, as everywhere in JAX.
template <class T>
class LookupLayer final : public StreamLayer<T> {
 public:
  explicit LookupLayer(const LayerArrays<T>& a)
      : StreamLayer<T>(a.outputs), rows_(a.inputs), size_(a.outputs),
        table_(a.weights[0], a.weights[0] + size_t(a.inputs) * a.outputs) {}

  bool step(int count, const int32_t*, const T* in, T* out) override {
    const int32_t* symbols = reinterpret_cast<const int32_t*>(in);
    for (int i = 0; i < count; i++) {
      int symbol = symbols[i] < 0 ? symbols[i] + rows_ : symbols[i];
      symbol = std::clamp(symbol, 0, rows_ - 1);
      std::memcpy(out + size_t(i) * size_, table_.data() + size_t(symbol) * size_, size_ * sizeof(T));
    }
    return true;
  }

 private:
  int rows_, size_;
  std::vector<T> table_;
};

template <class T>
class Stream {
 public:
  // Returns false if there is no such kind of layer.
  bool add(std::string_view kind, const LayerArrays<T>& a) {
    std::unique_ptr<StreamLayer<T>> layer;
    if (kind == "affine") layer = std::make_unique<AffineLayer<T>>(a);
    else if (kind == "lookup") layer = std::make_unique<LookupLayer<T>>(a);
    else if (kind == "mean") layer = std::make_unique<MeanLayer<T>>(a);
    else if (kind == "attention") layer = std::make_unique<AttentionLayer<T>>(a);
    else if (kind == "window") layer = std::make_unique<WindowLayer<T>>(a);
#define THROUGHTIME_LAYER(NAME, ...) \
  else if (kind == #NAME) layer = std::make_unique<RecurrentLayer<__VA_ARGS__, T>>(a);
    THROUGHTIME_FAMILIES(THROUGHTIME_LAYER)
#undef THROUGHTIME_LAYER
    if (!layer) return false;
    layers_.push_back(std::move(layer));
    between_.emplace_back();
    return true;
  }

  // Returns false if there was no memory for it.
  bool step(int count, const int32_t* rows, const T* in, T* out) {
    for (size_t n = 0; n < layers_.size(); n++) {
      T* to = out;
      if (n + 1 < layers_.size()) {
        between_[n].resize(size_t(count) * layers_[n]->outputs());
        to = between_[n].data();
      }
      if (!layers_[n]->step(count, rows, in, to)) return false;
      in = to;
    }
    return true;
  }

 private:
  std::vector<std::unique_ptr<StreamLayer<T>>> layers_;
  std::vector<std::vector<T>> between_;
};

}  // namespace throughtime

// The functions by which Python's ctypes makes a stream of numbers of a TYPE, steps it and lets it go. What no caller
// can mend in the middle of a step (no memory) comes back as 1.
#define STREAM(SUFFIX, TYPE)                                                                                            \
  extern "C" __attribute__((visibility("default"))) void* throughtime_##SUFFIX##_stream_new() {                         \
    return new (std::nothrow) throughtime::Stream<TYPE>();                                                              \
  }                                                                                                                     \
  extern "C" __attribute__((visibility("default"))) int throughtime_##SUFFIX##_stream_add(                              \
      void* stream, const char* kind, int inputs, int outputs, int size, const TYPE* const* weights,                    \
      TYPE* const* states) try {                                                                                        \
    return !static_cast<throughtime::Stream<TYPE>*>(stream)->add(kind, {inputs, outputs, size, weights, states});       \
  } catch (const std::bad_alloc&) {                                                                                     \
    return 1;                                                                                                           \
  }                                                                                                                     \
  extern "C" __attribute__((visibility("default"))) int throughtime_##SUFFIX##_stream_step(                             \
      void* stream, int count, const int32_t* rows, const TYPE* in, TYPE* out) try {                                    \
    return !static_cast<throughtime::Stream<TYPE>*>(stream)->step(count, rows, in, out);                                \
  } catch (const std::bad_alloc&) {                                                                                     \
    return 1;                                                                                                           \
  }                                                                                                                     \
  extern "C" __attribute__((visibility("default"))) void throughtime_##SUFFIX##_stream_free(void* stream) {             \
    delete static_cast<throughtime::Stream<TYPE>*>(stream);                                                             \
  }
