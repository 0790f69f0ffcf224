"""What the product does with Graph and the sign-in service; no I/O of its own: flows, values and texts."""
