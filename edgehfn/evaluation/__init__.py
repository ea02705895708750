"""What a model is worth: its accuracy on any machine, and whether all machines agree."""
