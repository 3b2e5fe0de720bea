"""FreeRouter: one LLM gateway on your own machine, out of every provider you have a key for."""

__version__ = "0.2.0"
