"""`python -m gitsync`: the same as `argosy runtime`."""

from gitsync.cli.runtime import runtime

if __name__ == "__main__":
    runtime(prog_name="python -m gitsync")
