"""`.frs` scripts: reading them and running them."""
