"""What nets reach: ablations, kinds of weights at equal bytes, GNNs and the zoo."""
