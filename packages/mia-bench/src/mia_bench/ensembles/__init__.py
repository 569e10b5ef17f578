"""Several models scored as one."""
