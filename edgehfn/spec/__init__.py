"""What both sides of the project share: the generator, masks and the numbers of docs/SPEC.md. Imports nothing else."""
