"""The language of the library: cells, states, unrolling, initialisers, randomness and errors."""
