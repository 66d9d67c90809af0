"""`python -m nasdip_core.cli` is `nasdip`."""

from nasdip_core.cli import main

if __name__ == "__main__":
    main()
