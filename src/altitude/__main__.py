"""`python -m altitude` is the command `altitude`."""

from altitude.cli import main

if __name__ == "__main__":
    main()
