"""Helpers of the make targets; no part of the package."""
