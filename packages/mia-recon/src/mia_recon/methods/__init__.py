"""The methods, one a file, each saying what is special about it."""
