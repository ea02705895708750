"""Nets by name: those of the papers, small ones for microcontrollers, and nets over graphs."""
