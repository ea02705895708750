"""What is made from the integer graph: a run in PyTorch integers, one in Numba, C, and a TFLite model."""
