"""The graph as an int8 TFLite model, to compare with."""

from edgehfn.backends.tflite.write import emit, write_tflite

__all__ = ["emit", "write_tflite"]
