// Runs every family through its passes on arrays that end exactly where they should, for the compiler's sanitizers to
// watch, and compares: however the work is shared, and whether or not anything is kept for training, the numbers agree.
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "backward.h"
#include "families/all.h"
#include "forward.h"
#include "input_gradient.h"
#include "reservoir.h"
#include "stream.h"
#include "weight_gradient.h"

namespace {

using namespace throughtime;

// As much of a thread pool as the kernels ask for.
class Pool {
 public:
  explicit Pool(int threads) {
    for (int n = 0; n < threads; n++)
      threads_.emplace_back([this] {
        for (;;) {
          std::unique_lock lock(mutex_);
          changed_.wait(lock, [&] { return closing_ || !work_.empty(); });
          if (work_.empty()) return;
          auto work = std::move(work_.front());
          work_.pop_front();
          lock.unlock();
          work();
        }
      });
  }
  ~Pool() {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  void Schedule(std::function<void()> work) {
    {
      std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

template <class T>
using Array = std::vector<T>;

int failures = 0;

template <class T>
void same(const Array<T>& one, const Array<T>& other, T tolerance, const char* family, const char* what) {
  for (size_t n = 0; n < one.size(); n++)
    if (!(std::abs(one[n] - other[n]) <= tolerance * (1 + std::abs(other[n])))) {
      std::printf("%s: %s[%zu] is %g and %g\n", family, what, n, double(one[n]), double(other[n]));
      failures++;
      return;
    }
}

// All results of one run of all passes.
template <class T>
struct Everything {
  Array<T> outputs, final, d_initial, d_vectors, d_input_weight, d_bias, d_weight, d_inputs;
};

template <class Family, class T>
class Exercise {
 public:
  Exercise(const char* name, int steps, int batch, int inputs, int hidden, bool reverse)
      : name_(name), s_{steps, batch, inputs, hidden, reverse, nullptr}, random_(steps + 7 * batch + 31 * hidden) {
    for (int row = 0; row < batch; row++) lengths_.push_back(batch == 1 ? steps : (row * 5 + 3) % (steps + 1));
    s_.lengths = lengths_.data();
    inputs_ = draw(size_t(steps) * batch * inputs);
    input_weight_ = draw(size_t(rows()) * inputs);
    bias_ = draw(rows());
    weight_ = draw(size_t(rows()) * hidden);
    vectors_ = draw(size_t(Family::vectors) * hidden);
    for (auto& initial : initial_) initial = draw(size_t(batch) * hidden);
    d_outputs_ = draw(size_t(steps) * batch * hidden);
  }

  void run(Pool& pool) {
    const Everything<T> alone = once(pool, 1);
    for (int threads : {2, 3}) {
      const Everything<T> shared = once(pool, threads);
      const T near = std::is_same_v<T, float> ? T(1e-4) : T(1e-12);
      same(shared.outputs, alone.outputs, near, name_, "outputs");
      same(shared.final, alone.final, near, name_, "final");
      same(shared.d_initial, alone.d_initial, near, name_, "d_initial");
      same(shared.d_vectors, alone.d_vectors, near, name_, "d_vectors");
      same(shared.d_input_weight, alone.d_input_weight, near, name_, "d_input_weight");
      same(shared.d_bias, alone.d_bias, near, name_, "d_bias");
      same(shared.d_weight, alone.d_weight, near, name_, "d_weight");
      same(shared.d_inputs, alone.d_inputs, near, name_, "d_inputs");
    }
    if (s_.batch == 1 && !s_.reverse) stream(alone);
  }

 private:
  int rows() const { return Family::gates * s_.hidden; }
  size_t sequence(int features) const { return size_t(s_.steps) * s_.batch * features; }

  Array<T> draw(size_t size) {
    std::normal_distribution<T> normal(0, T(0.1));
    Array<T> values(size);
    for (T& value : values) value = normal(random_);
    return values;
  }

  ForwardArrays<T> forward_arrays(Everything<T>& e, Array<T>& final, Array<T>& gates, Array<T>& saved) {
    ForwardArrays<T> a{};
    a.inputs = inputs_.data(), a.input_weight = input_weight_.data(), a.bias = bias_.data();
    a.weight = weight_.data(), a.vectors = vectors_.data();
    a.initial[0] = initial_[0].data(), a.initial[1] = initial_[1].data();
    a.outputs = e.outputs.data(), a.final[0] = e.final.data(), a.final[1] = final.data();
    a.gates = gates.data(), a.saved = saved.data();
    return a;
  }

  Everything<T> once(Pool& pool, int threads) {
    Everything<T> e, inferred;
    const size_t state = size_t(s_.batch) * s_.hidden;
    for (Everything<T>* each : {&e, &inferred}) {
      each->outputs.assign(sequence(s_.hidden), T(7));
      each->final.assign(state, T(7));
    }
    Array<T> second(state), gates(Family::saves_gates ? sequence(rows()) : 0);
    Array<T> saved(Family::saves_more ? sequence(s_.hidden) : 0), none;
    ForwardWeights<Family, T> packed(s_.inputs, s_.hidden), again(s_.inputs, s_.hidden);
    bool had_memory =
        Forward<Family, T, true>(s_, forward_arrays(e, second, gates, saved), packed).pack_and_run(pool, threads);
    had_memory &= Forward<Family, T, false>(s_, forward_arrays(inferred, second, none, none), again)
                      .pack_and_run(pool, threads);
    same(inferred.outputs, e.outputs, T(0), name_, "outputs without training");
    same(inferred.final, e.final, T(0), name_, "final without training");

    Array<T> d_projected = Family::saves_gates ? Array<T>() : Array<T>(sequence(rows()));
    Array<T> d_second(state, T(0.3));
    e.d_initial.assign(state, T(-0.2));
    e.d_vectors.assign(size_t(Family::vectors) * state, T(7));
    BackwardArrays<T> b{};
    b.d_outputs = d_outputs_.data(), b.weight = weight_.data(), b.vectors = vectors_.data();
    b.initial[0] = initial_[0].data(), b.initial[1] = initial_[1].data();
    b.outputs = e.outputs.data(), b.gates = gates.data(), b.saved = saved.data();
    // As the caller does: gradients overwrite the gates, and what was saved where a gate has two.
    b.d_projected = Family::saves_gates ? gates.data() : d_projected.data();
    b.d_last = saved.data();
    b.d_state[0] = e.d_initial.data(), b.d_state[1] = d_second.data(), b.d_vectors = e.d_vectors.data();
    had_memory &= Backward<Family, T>(s_, b).run(pool, threads);

    e.d_input_weight.resize(input_weight_.size()), e.d_bias.resize(bias_.size()), e.d_weight.resize(weight_.size());
    const WeightGradientArrays<T> w{b.d_projected, saved.data(), inputs_.data(), initial_[0].data(), e.outputs.data(),
                                    saved.data(), e.d_input_weight.data(), e.d_bias.data(), e.d_weight.data()};
    had_memory &= WeightGradient<Family, T>(s_, w).run(pool, threads);
    e.d_inputs.assign(inputs_.size(), T(7));
    had_memory &= InputGradient<T>(s_, rows(), b.d_projected, input_weight_.data(), e.d_inputs.data()).run(pool, threads);
    if (!had_memory) std::printf("%s: no memory\n", name_), failures++;
    return e;
  }

  void stream(const Everything<T>& whole) {
    Array<T> states[2] = {initial_[0], initial_[1]}, outputs;
    const T* weights[] = {input_weight_.data(), bias_.data(), weight_.data(), vectors_.data()};
    T* remembered[] = {states[0].data(), states[1].data()};
    Stream<T> stream;
    if (!stream.add(name_, {s_.inputs, s_.hidden, 0, weights, remembered})) std::printf("no %s\n", name_), failures++;
    const int32_t session = 0;
    for (int step = 0; step < s_.steps; step++) {
      const Array<T> in(inputs_.begin() + step * s_.inputs, inputs_.begin() + (step + 1) * s_.inputs);
      Array<T> out(s_.hidden);
      if (!stream.step(1, &session, in.data(), out.data())) std::printf("no memory\n"), failures++;
      outputs.insert(outputs.end(), out.begin(), out.end());
    }
    same(outputs, whole.outputs, std::is_same_v<T, float> ? T(1e-4) : T(1e-12), name_, "outputs of a stream");
  }

  const char* name_;
  Sequences s_;
  std::mt19937 random_;
  Array<int32_t> lengths_;
  Array<T> inputs_, input_weight_, bias_, weight_, vectors_, initial_[2], d_outputs_;
};

template <class Family, class T>
void exercise(const char* name, Pool& pool) {
  struct Size {
    int steps, batch, inputs, hidden;
  };
  // No multiple of anything; one row that is cut by its units; and enough work to be worth sharing.
  for (const Size& size : {Size{3, 1, 1, 1}, {4, 5, 3, 7}, {6, 3, 2, 37}, {30, 1, 5, 203}, {40, 7, 19, 67}})
    for (bool reverse : {false, true})
      Exercise<Family, T>(name, size.steps, size.batch, size.inputs, size.hidden, reverse).run(pool);
}

// A reservoir with one sequence and with more than lanes: shared by threads or not, a batch is its sequences.
template <class T>
void exercise_reservoir(Pool& pool, int steps, int batch, int hidden, int fan_in, bool reverse) {
  std::mt19937 random(hidden + batch);
  const auto draw = [&](size_t size) {
    Array<T> values(size);
    for (T& value : values) value = std::uniform_real_distribution<T>(-1, 1)(random) / T(std::sqrt(fan_in));
    return values;
  };
  const Array<T> weights = draw(size_t(hidden) * fan_in), projected = draw(size_t(steps) * batch * hidden),
                 initial = draw(size_t(batch) * hidden);
  Array<int32_t> columns(size_t(hidden) * fan_in), lengths(batch);
  for (int32_t& column : columns) column = int32_t(random() % hidden);
  for (int row = 0; row < batch; row++) lengths[row] = batch == 1 ? steps : (row * 5 + 3) % (steps + 1);
  const ReservoirStep<T> step{weights.data(), columns.data(), hidden, fan_in, T(0.4), T(0.7), Squashing::tanh};
  const auto run = [&](const Array<T>& projected, const T* initial, const int32_t* lengths, int batch, int threads) {
    Array<T> outputs = projected, final(size_t(batch) * hidden);
    ReservoirArrays<T> a{outputs.data(), initial, lengths, outputs.data(), final.data(), steps, batch, reverse};
    if (!Reservoir<T>(step, a).run(pool, threads)) std::printf("reservoir: no memory\n"), failures++;
    outputs.insert(outputs.end(), final.begin(), final.end());
    return outputs;
  };
  const T near = std::is_same_v<T, float> ? T(1e-4) : T(1e-12);
  const Array<T> alone = run(projected, initial.data(), lengths.data(), batch, 1);
  same(run(projected, initial.data(), lengths.data(), batch, 3), alone, near, "reservoir", "outputs");
  const Array<T> bias = draw(hidden), input_weight = draw(size_t(hidden) * 2), readout = draw(2 * size_t(hidden)),
                 readout_bias = draw(2), last = draw(2 * size_t(batch));
  for (int row = 0; row < batch; row++) {
    Array<T> own(size_t(steps) * hidden), expected(size_t(steps + 1) * hidden);
    for (int t = 0; t < steps; t++) {
      const size_t here = (size_t(t) * batch + row) * hidden;
      std::copy_n(projected.data() + here, hidden, own.data() + size_t(t) * hidden);
      std::copy_n(alone.data() + here, hidden, expected.data() + size_t(t) * hidden);
    }
    std::copy_n(alone.data() + (size_t(steps) * batch + row) * hidden, hidden, expected.data() + size_t(steps) * hidden);
    same(run(own, initial.data() + size_t(row) * hidden, &lengths[row], 1, 1), expected, near, "reservoir", "a sequence");
  }
  Array<T> said(size_t(steps) * batch * 2), final(size_t(batch) * hidden);
  const LoopArrays<T> loop{bias.data(), input_weight.data(), readout.data(), readout_bias.data(), initial.data(),
                           last.data(), said.data(), final.data(), steps, batch, 2};
  if (!ReservoirLoop<T>(step, loop).run(pool)) std::printf("reservoir: no memory\n"), failures++;
  for (const T value : said)
    if (!std::isfinite(value)) failures++;
}

}  // namespace

int main() {
  Pool pool(3);
  for (const bool reverse : {false, true}) {
    exercise_reservoir<NUMBER>(pool, 4, 1, 1, 1, reverse);
    exercise_reservoir<NUMBER>(pool, 5, 2 * Simd<NUMBER>::width + 1, 37, 3, reverse);
    exercise_reservoir<NUMBER>(pool, 3, 1, 1003, 100, reverse);
  }
#define EXERCISE(NAME, ...) exercise<__VA_ARGS__, NUMBER>(#NAME, pool);
  THROUGHTIME_FAMILIES(EXERCISE)
  std::printf("%d failures\n", failures);
  return failures != 0;
}
