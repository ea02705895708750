"""The model file, and checkpoints of other programs as nets of ours."""
