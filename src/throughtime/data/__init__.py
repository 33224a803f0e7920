"""Sequences from files: reading, recognising, encoding, batching."""
