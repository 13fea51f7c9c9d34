"""`python -m handgrad`: the command where its script is not on the path."""

from handgrad.cli.main import main

if __name__ == "__main__":
    main()
