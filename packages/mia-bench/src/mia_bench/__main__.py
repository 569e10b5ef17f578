"""``python -m mia_bench``: the same as ``mia-bench``."""

from mia_bench.cli import main

if __name__ == "__main__":
    main()
