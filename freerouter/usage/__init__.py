"""What the gateway did: one record a request, made inside LiteLLM's process, read by commands."""
