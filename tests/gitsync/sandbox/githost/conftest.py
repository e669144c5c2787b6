from tests.support.git_host import git, host

__all__ = ["git", "host"]
