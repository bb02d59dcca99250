"""The command line: a file per verb, heavy imports inside the verb."""
