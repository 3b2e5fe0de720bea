"""The gateway's process: LiteLLM's installation, starting, stopping, and who it is."""
