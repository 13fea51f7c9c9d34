"""Other libraries that train the same networks, one module each."""
