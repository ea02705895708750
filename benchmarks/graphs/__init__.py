"""What graphs of any size cost on the host."""
