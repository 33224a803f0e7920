"""The loop: fitting, checkpoints and exact resume, models and their folders."""
