#include "targets.h"

ALL_TARGETS(float64, double)
