"""What the commands show: consoles, tables, progress, sentences."""
