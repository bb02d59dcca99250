"""How a customer reaches the centre: a module's name is its ``channel`` word in the config."""
