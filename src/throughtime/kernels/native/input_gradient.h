// The gradient by the inputs: that by W x times W, zero where there is padding.
#pragma once

#include "panels.h"
#include "sequences.h"
#include "threads.h"

namespace throughtime {

template <class T>
class InputGradient {
 public:
  // d_projected [T, B, rows], input_weight [rows, I] -> d_inputs [T, B, I]
  InputGradient(const Sequences& s, int rows, const T* d_projected, const T* input_weight, T* d_inputs)
      : s_(s), rows_(rows), d_projected_(d_projected), input_weight_(input_weight), d_inputs_(d_inputs),
        places_(real_places(s)), blocks_(Blocks<T>::even(s.inputs, 4)), panels_(blocks_.size(rows, 1)) {}

  // Returns false if there was no memory for it.
  template <class Pool>
  bool run(Pool& pool, int threads) {
    if (panels_.missing()) return false;
    prefer_large_pages(d_inputs_, size_t(s_.steps) * s_.batch * s_.inputs * sizeof(T));
    const int count = int(places_.size());
    const int chunks = int64_t(count) * rows_ * s_.inputs < kWorthWaking ? 1 : std::min(threads, count);
    const int packers = std::min(chunks, blocks_.count());
    run_chunks(pool, packers, [&](int packer) { pack(packer, packers); });
    clear_padding();
    run_chunks(pool, chunks, [&](int chunk) {
      // A few rows at a time, so that they stay in a cache while all panels pass.
      constexpr int few = 24;
      const int end = int(int64_t(count) * (chunk + 1) / chunks);
      for (int first = int(int64_t(count) * chunk / chunks); first < end; first += few)
        products(first, std::min(first + few, end));
    });
    return true;
  }

 private:
  static constexpr int width = Simd<T>::width;

  void pack(int packer, int packers) const {
    for (int block = packer; block < blocks_.count(); block += packers)
      pack_columns<T>(rows_, blocks_, block, panels_.data() + blocks_.offset(block, rows_, 1),
                      [&](int k) { return input_weight_ + size_t(k) * s_.inputs; });
  }

  void clear_padding() const {
    for (int row = 0; row < s_.batch; row++)
      for (int time = s_.length(row); time < s_.steps; time++) {
        T* to = d_inputs_ + s_.at(time, row) * s_.inputs;
        std::fill(to, to + s_.inputs, T(0));
      }
  }

  void products(int begin, int end) const {
    for (int block = 0; block < blocks_.count(); block++)
      in_groups(end - begin, rows_of_tile(blocks_.vectors(block)), [&](int first, int size) {
        tile(places_.data() + begin + first, size, block);
      });
  }

  void tile(const Place* places, int size, int block) const {
    const int vectors = blocks_.vectors(block);
    const T* from[kMostRows] = {};
    for (int i = 0; i < size; i++) from[i] = d_projected_ + s_.at(places[i].time, places[i].row) * rows_;
    Sums<T> sums;
    multiplier<T>(size, vectors)(from, panels_.data() + blocks_.offset(block, rows_, 1), rows_, sums);
    const auto put = [&]<bool Whole>() {
      for (int i = 0; i < size; i++)
        for (int v = 0; v < vectors; v++) {
          const int first = blocks_.first_unit(block) + v * width;
          const Units<T, Whole> units{first, std::min(width, s_.inputs - first)};
          units.store(d_inputs_ + s_.at(places[i].time, places[i].row) * s_.inputs, sums[i * vectors + v]);
        }
    };
    blocks_.whole(block) ? put.template operator()<true>() : put.template operator()<false>();
  }

  Sequences s_;
  int rows_;
  const T* d_projected_;
  const T* input_weight_;
  T* d_inputs_;
  std::vector<Place> places_;
  Blocks<T> blocks_;
  Buffer<T> panels_;
};

}  // namespace throughtime
