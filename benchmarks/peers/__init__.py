"""Other libraries that train the same networks: one file each."""
