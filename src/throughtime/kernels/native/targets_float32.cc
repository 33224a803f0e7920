#include "targets.h"

TARGETS_OF_ALL_FAMILIES(float32, float)
