"""Studies: their files, their runs, and what these will take."""
