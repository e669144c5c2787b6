from tests.support.controller_rig import rig

__all__ = ["rig"]
