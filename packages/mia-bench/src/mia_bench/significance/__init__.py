"""Which differences between methods are more than chance, from the scores that runs left."""

# Level of every test and mark; intervals are of 1 - ALPHA.
ALPHA = 0.05
