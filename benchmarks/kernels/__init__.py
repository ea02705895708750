"""Instructions, bytes and speed of the kernels beside others, and what they may spend."""
