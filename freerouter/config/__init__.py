"""Files: which, where, how they are read and how they are written without ever losing one."""
