"""What is wrong in a configuration, all of it: rules on a file's text, and how to mend it."""
