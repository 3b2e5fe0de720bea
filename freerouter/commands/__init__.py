"""One verb a file. A command takes a Context and arguments and gives a Result; it never prints."""
