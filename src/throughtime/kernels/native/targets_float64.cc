#include "targets.h"

TARGETS_OF_ALL_FAMILIES(float64, double)
