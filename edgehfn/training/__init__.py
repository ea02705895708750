"""Training of float nets, on images and on graphs: it stops and goes on without changing a bit of the result."""
