"""Layers of training as compiled loops, where PyTorch's own are slow on a CPU."""
