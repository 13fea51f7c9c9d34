"""How fast a network trains: against the machine's limits, and against others."""
