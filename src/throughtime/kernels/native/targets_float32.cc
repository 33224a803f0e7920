#include "stream.h"
#include "targets.h"

#define TARGETS_OF(NAME, ...) TARGETS(NAME##_float32, float, __VA_ARGS__)
THROUGHTIME_FAMILIES(TARGETS_OF)
TARGET(throughtime_float32_inputs, throughtime::inputs<float>)
STREAM(float32, float)
