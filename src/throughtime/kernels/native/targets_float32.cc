#include "targets.h"

ALL_TARGETS(float32, float)
