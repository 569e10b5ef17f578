"""``python -m mia_bench``: the same as ``mia-bench``."""

from mia_bench.command_line import main

if __name__ == "__main__":
    main()
