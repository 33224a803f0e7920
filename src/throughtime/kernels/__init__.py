"""Fused native execution of recurrences: arrays in, arrays out, and no knowledge of cells.

`recurrence` runs the part of a network that looks back, `families` says which recurrences there are,
`library` loads the native code, and `core.fused` decides when to use it.
"""
