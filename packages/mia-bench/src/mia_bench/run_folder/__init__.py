"""The folder of one run: its files, and what they say when they are read."""
