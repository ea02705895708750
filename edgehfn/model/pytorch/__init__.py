"""Plain PyTorch modules as nets of ours."""
