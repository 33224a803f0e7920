// Every family, by the name that it has outside; the other end of this list is throughtime/kernels/families.py.
#pragma once

#include "elman.h"
#include "gru.h"
#include "gru_reset_before.h"
#include "lstm.h"
#include "minimal_gated.h"

// Expands EACH(name, type) for each of them.
#define THROUGHTIME_FAMILIES(EACH)                    \
  EACH(elman_tanh, Elman<throughtime::Tanh>)          \
  EACH(elman_relu, Elman<throughtime::Relu>)          \
  EACH(lstm, Lstm<false, false>)                      \
  EACH(lstm_peephole, Lstm<true, false>)              \
  EACH(lstm_coupled, Lstm<false, true>)               \
  EACH(lstm_coupled_peephole, Lstm<true, true>)       \
  EACH(gru, Gru)                                      \
  EACH(gru_reset_before, GruResetBefore)              \
  EACH(minimal_gated, MinimalGated)
