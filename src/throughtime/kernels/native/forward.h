// The skeleton of a forward pass: products with packed weights in register tiles, then a family's pointwise part.
//
// The part that does not look back, W x + b, is computed for a few steps at once, just before they are made: many
// steps share one reading of W, and what they write is still in the cache when it is read.
#pragma once

#include "panels.h"
#include "sequences.h"
#include "threads.h"

namespace throughtime {

// Pointers into the arrays of a call. Those that only training writes are null otherwise.
template <class T>
struct ForwardArrays {
  const T* inputs;       // [T, B, I]
  const T* input_weight; // W [gates * H, I]
  const T* bias;         // b [gates * H]
  const T* weight;       // U [gates * H, H]
  const T* vectors;      // [vectors * H], of a family that has some
  const T* initial[2];   // [B, H] each: the hidden layer, then what else there is
  T* outputs;            // [T, B, H]
  T* final[2];           // [B, H] each; the second one carries the state from step to step
  T* gates;              // [T, B, gates * H], of a family that saves them
  T* saved;              // [T, B, H], of a family that saves one thing more
};

// What a family sees of one row at one time.
template <class T>
struct ForwardRow {
  T* gates;         // W x + b, which the gates themselves may overwrite
  const T* hidden;  // the hidden layer before the step
  const T* vectors;
  T* output;
  T* state;
  T* middle;  // what the second product reads, of a family that has two
  T* saved;
};

// W and U, packed for a family.
template <class Family, class T>
class ForwardWeights {
 public:
  ForwardWeights(int inputs, int hidden)
      : inputs_(inputs), hidden_(hidden), blocks_{hidden, Family::unit_vectors},
        input_panels_(blocks_.size(inputs, Family::gates)), panels_(blocks_.size(hidden, Family::gates)) {}

  bool missing() const { return input_panels_.missing() || panels_.missing(); }
  const Blocks<T>& blocks() const { return blocks_; }

  void pack(const T* input_weight, const T* weight, int block) {
    const size_t gate = size_t(hidden_) * hidden_;
    pack_rows(input_weight, inputs_, Family::gates, blocks_, block, input_panels_.data());
    pack_rows(weight, hidden_, Family::first_gates, blocks_, block, panels_.data());
    if constexpr (Family::phases > 1)
      pack_rows(weight + Family::first_gates * gate, hidden_, 1, blocks_, block, panels_.data() + first_size());
  }

  const T* input_panel(int block) const {
    return input_panels_.data() + blocks_.offset(block, inputs_, Family::gates);
  }
  template <int Phase>
  const T* panel(int block) const {
    return panels_.data() + (Phase == 0 ? 0 : first_size()) + blocks_.offset(block, hidden_, lanes<Phase>());
  }
  // Lanes of a vector of units in the product of a phase.
  template <int Phase>
  static constexpr int lanes() { return Phase == 0 ? Family::first_gates : 1; }

 private:
  size_t first_size() const { return blocks_.size(hidden_, Family::first_gates); }

  int inputs_, hidden_;
  Blocks<T> blocks_;
  Buffer<T> input_panels_, panels_;
};

template <class Family, class T, bool Training>
class Forward {
 public:
  // The weights are packed already, or will be by `pack_and_run`.
  Forward(const Sequences& s, const ForwardArrays<T>& arrays, ForwardWeights<Family, T>& weights)
      : s_(s), a_(arrays), weights_(weights), blocks_(weights.blocks()),
        middle_(Family::phases > 1 && !Training ? size_t(s.batch) * s.hidden : 0) {}

  // Returns false if there was no memory for it.
  template <class Pool>
  bool pack_and_run(Pool& pool, int threads) {
    const int64_t per_row = int64_t(Family::gates) * s_.hidden * (s_.hidden + s_.inputs);
    const Partition parts = partition(s_, per_row, blocks_.count(), threads);
    std::vector<Chunk> chunks = cut(parts);
    if (weights_.missing() || missing(chunks)) return false;
    // Packing is worth sharing where computing is.
    const int packers = std::min<int>(chunks.size(), blocks_.count());
    run_chunks(pool, packers, [&](int packer) {
      for (int block = packer; block < blocks_.count(); block += packers)
        weights_.pack(a_.input_weight, a_.weight, block);
    });
    prepare();
    if (parts.by_units()) {
      run_stages(pool, int(chunks.size()), s_.steps * Family::phases, [&](int chunk, int stage) {
        const int n = stage / Family::phases;
        if (stage % Family::phases == 0) first_phase(chunks[chunk], n);
        else second_phase(chunks[chunk], n);
      });
    } else {
      run_chunks(pool, int(chunks.size()), [&](int chunk) { all_steps(chunks[chunk]); });
    }
    finish();
    return true;
  }

  // The same with packed weights, in this thread alone.
  bool run() {
    std::vector<Chunk> chunks = cut({{{0, s_.batch}}, 1});
    if (missing(chunks)) return false;
    prepare();
    all_steps(chunks[0]);
    finish();
    return true;
  }

 private:
  static constexpr int width = Simd<T>::width;
  static constexpr bool gates_stay = Training && Family::saves_gates;

  // The rows and units of one chunk of the work, and what it needs of its own.
  struct Chunk {
    Rows rows;
    int first_block, end_block;
    int block_steps;       // steps whose W x + b are computed at once
    Buffer<T> projected;   // [block_steps, rows, gates * H], where the gates are not saved
    std::vector<Place> places{};       // the real steps among those of a block,
    std::vector<T*> destinations{};    // where their W x + b goes,
    std::vector<int> real{};           // and the rows at work in the present step
  };

  std::vector<Chunk> cut(const Partition& parts) const {
    // Several dozen rows share one reading of W, if what they give fits into a cache.
    constexpr int64_t cache = 192 << 10;
    const int64_t bytes = int64_t(Family::gates) * s_.hidden * sizeof(T);
    std::vector<Chunk> chunks;
    const auto add = [&](const Rows& rows, int first_block, int end_block) {
      const int64_t count = std::max(rows.count(), 1), wanted = std::max<int64_t>(cache / bytes, 24);
      const int block_steps = int(std::clamp<int64_t>(wanted / count, 1, s_.steps));
      chunks.push_back({rows, first_block, end_block, block_steps,
                        Buffer<T>(gates_stay ? 0 : size_t(block_steps) * count * Family::gates * s_.hidden)});
    };
    const int count = blocks_.count();
    if (parts.by_units()) {
      for (int n = 0; n < parts.unit_chunks; n++)
        add(parts.rows[0], count * n / parts.unit_chunks, count * (n + 1) / parts.unit_chunks);
    } else {
      for (const Rows& rows : parts.rows) add(rows, 0, count);
    }
    return chunks;
  }

  bool missing(const std::vector<Chunk>& chunks) const {
    return middle_.missing() || std::any_of(chunks.begin(), chunks.end(), [](const Chunk& chunk) {
      return chunk.projected.missing();
    });
  }

  void all_steps(Chunk& chunk) const {
    for (int n = 0; n < s_.steps; n++) {
      first_phase(chunk, n);
      second_phase(chunk, n);
    }
  }

  void prepare() const {
    const size_t places = size_t(s_.steps) * s_.batch * s_.hidden * sizeof(T);
    prefer_large_pages(a_.outputs, places);
    if constexpr (gates_stay) prefer_large_pages(a_.gates, places * Family::gates);
    if constexpr (Training && Family::saves_more) prefer_large_pages(a_.saved, places);
    if constexpr (Family::states > 1)
      std::memcpy(a_.final[1], a_.initial[1], size_t(s_.batch) * s_.hidden * sizeof(T));
  }

  void finish() const {
    const size_t hidden = s_.hidden;
    for (int row = 0; row < s_.batch; row++) {
      const T* last = s_.length(row) == 0 ? a_.initial[0] + row * hidden
                                          : a_.outputs + s_.at(s_.last(row), row) * hidden;
      std::memcpy(a_.final[0] + row * hidden, last, hidden * sizeof(T));
    }
  }

  // Where W x + b of the n-th step is.
  T* gates(const Chunk& chunk, int n, int time, int row) const {
    const size_t size = size_t(Family::gates) * s_.hidden;
    if constexpr (gates_stay) return a_.gates + s_.at(time, row) * size;
    return chunk.projected.data() + (size_t(n % chunk.block_steps) * chunk.rows.count() + row - chunk.rows.begin) * size;
  }

  void first_phase(Chunk& chunk, int n) const {
    if (n % chunk.block_steps == 0) project(chunk, n);
    const int time = s_.reading(n);
    chunk.rows.real(s_, time, chunk.real);
    if (int(chunk.real.size()) < chunk.rows.count()) clear_padding(chunk, time);
    phase<0>(chunk, n, time);
  }

  void second_phase(Chunk& chunk, int n) const {
    if constexpr (Family::phases > 1) phase<1>(chunk, n, s_.reading(n));
  }

  // What is read of padding later is zero.
  void clear_padding(const Chunk& chunk, int time) const {
    const int from = blocks_.first_unit(chunk.first_block), to = blocks_.end_unit(chunk.end_block - 1);
    for (int row = chunk.rows.begin; row < chunk.rows.end; row++) {
      T* output = a_.outputs + s_.at(time, row) * s_.hidden;
      if (time >= s_.length(row)) std::fill(output + from, output + to, T(0));
    }
  }

  void project(Chunk& chunk, int first) const {
    chunk.places.clear();
    chunk.destinations.clear();
    for (int n = first; n < std::min(first + chunk.block_steps, s_.steps); n++) {
      const int time = s_.reading(n);
      for (int row = chunk.rows.begin; row < chunk.rows.end; row++)
        if (time < s_.length(row)) {
          chunk.places.push_back({time, row});
          chunk.destinations.push_back(gates(chunk, n, time, row));
        }
    }
    for (int block = chunk.first_block; block < chunk.end_block; block++)
      in_groups(int(chunk.places.size()), rows_of_tile(Family::gates * blocks_.vectors(block)), [&](int first, int size) {
        project_tile(chunk.places.data() + first, chunk.destinations.data() + first, size, block);
      });
  }

  void project_tile(const Place* places, T* const* to, int size, int block) const {
    const int lanes = Family::gates * blocks_.vectors(block);
    const T* from[kMostRows] = {};
    for (int i = 0; i < size; i++) from[i] = a_.inputs + s_.at(places[i].time, places[i].row) * s_.inputs;
    Sums<T> sums;
    multiplier<T>(size, lanes)(from, weights_.input_panel(block), s_.inputs, sums);
    const auto put = [&]<bool Whole>() {
      for (int v = 0; v < blocks_.vectors(block); v++) {
        const int first = blocks_.first_unit(block) + v * width;
        const Units<T, Whole> units{first, std::min(width, s_.hidden - first)};
        for (int gate = 0; gate < Family::gates; gate++) {
          const Vec<T> bias = units.load(a_.bias + gate * s_.hidden);
          for (int i = 0; i < size; i++)
            units.store(to[i] + gate * s_.hidden, sums[i * lanes + v * Family::gates + gate] + bias);
        }
      }
    };
    blocks_.whole(block) ? put.template operator()<true>() : put.template operator()<false>();
  }

  template <int Phase>
  void phase(Chunk& chunk, int n, int time) const {
    for (int block = chunk.first_block; block < chunk.end_block; block++)
      in_groups(int(chunk.real.size()), rows_of_tile(lanes<Phase>() * blocks_.vectors(block)), [&](int first, int size) {
        tile<Phase>(chunk, chunk.real.data() + first, size, block, n, time);
      });
  }

  template <int Phase>
  static constexpr int lanes() { return ForwardWeights<Family, T>::template lanes<Phase>(); }

  T* middle(int time, int row) const {
    if constexpr (Training && Family::phases > 1) return a_.saved + s_.at(time, row) * s_.hidden;
    return middle_.data() + size_t(row) * s_.hidden;
  }

  template <int Phase>
  void tile(const Chunk& chunk, const int* rows, int size, int block, int n, int time) const {
    const T* from[kMostRows] = {};
    for (int i = 0; i < size; i++)
      from[i] = Phase == 0 ? s_.hidden_before(a_.initial[0], a_.outputs, time, rows[i]) : middle(time, rows[i]);
    Sums<T> sums;
    const int vectors = blocks_.vectors(block);
    multiplier<T>(size, lanes<Phase>() * vectors)(from, weights_.template panel<Phase>(block), s_.hidden, sums);
    for (int i = 0; i < size; i++) {
      T* const at_row = gates(chunk, n, time, rows[i]);
      const Vec<T>* products = sums + i * lanes<Phase>() * vectors;
      if (blocks_.whole(block)) pointwise<Phase, true>(at_row, rows[i], block, time, products);
      else pointwise<Phase, false>(at_row, rows[i], block, time, products);
    }
  }

  template <int Phase, bool Whole>
  void pointwise(T* gates, int r, int block, int time, const Vec<T>* products) const {
    const size_t hidden = s_.hidden, at = s_.at(time, r);
    const ForwardRow<T> row{
        gates,
        s_.hidden_before(a_.initial[0], a_.outputs, time, r),
        a_.vectors,
        a_.outputs + at * hidden,
        Family::states > 1 ? a_.final[1] + r * hidden : nullptr,
        Family::phases > 1 ? middle(time, r) : nullptr,
        Training && Family::saves_more ? a_.saved + at * hidden : nullptr,
    };
    for (int v = 0; v < blocks_.vectors(block); v++) {
      const int first = blocks_.first_unit(block) + v * width;
      const Units<T, Whole> units{first, std::min(width, s_.hidden - first)};
      Family::template forward<T, Phase, Training>(units, s_.hidden, row, products + v * lanes<Phase>());
    }
  }

  Sequences s_;
  ForwardArrays<T> a_;
  ForwardWeights<Family, T>& weights_;
  const Blocks<T>& blocks_;
  Buffer<T> middle_;
};

}  // namespace throughtime
