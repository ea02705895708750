"""What nets reach: ablations, kinds of weights at equal bytes, graph nets and the zoo."""
