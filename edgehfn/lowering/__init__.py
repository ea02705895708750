"""From a float net and its scales to the integer graph; floats stop here."""
