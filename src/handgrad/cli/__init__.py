"""The command line: read the words, call the parts, print what they say."""
