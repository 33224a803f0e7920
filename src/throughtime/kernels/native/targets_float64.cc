#include "stream.h"
#include "targets.h"

#define TARGETS_OF(NAME, ...) TARGETS(NAME##_float64, double, __VA_ARGS__)
THROUGHTIME_FAMILIES(TARGETS_OF)
TARGET(throughtime_float64_inputs, throughtime::inputs<double>)
STREAM(float64, double)
