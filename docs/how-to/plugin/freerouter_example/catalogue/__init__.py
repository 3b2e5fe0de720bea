"""Records of providers, a YAML file each."""
