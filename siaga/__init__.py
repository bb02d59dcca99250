"""The front door: command line, configuration file, composition root."""
