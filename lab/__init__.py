"""A contact centre in a box, with faults. Imports nothing of the product, so a shared bug cannot hide."""
