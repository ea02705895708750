"""``make bench``: what the kernels cost, beside the kernels people use now. Not part of the wheel."""
