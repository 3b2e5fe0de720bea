"""Front ends: the ways to show results and to answer questions."""
