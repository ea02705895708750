"""The documentation: its links checked, and its pages made from the sources that they describe."""
