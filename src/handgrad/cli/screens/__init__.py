"""Terminal output of the commands: consoles, tables, progress, messages."""
