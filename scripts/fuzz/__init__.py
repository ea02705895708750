"""A campaign of random cases against the whole program: ``make fuzz``, see docs/ROBUSTNESS.md."""
