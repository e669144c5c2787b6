from tests.support.api_world import fleet, running, runtime

__all__ = ["fleet", "running", "runtime"]
