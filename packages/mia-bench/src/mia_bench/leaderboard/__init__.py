"""The leaderboard: rows, ranks, significance, published figures."""

# Level of every test and mark; intervals are of 1 - ALPHA.
ALPHA = 0.05
