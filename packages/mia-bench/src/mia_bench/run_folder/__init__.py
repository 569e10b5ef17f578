"""The folder of one run: its files and its status."""
