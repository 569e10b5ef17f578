"""Studies: study files, the runs they ask for, and what those will cost."""
