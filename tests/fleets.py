"""Stand-ins for the workers of a launcher."""

from nasdip_core.errors import NasdipError
from nasdip_core.launcher import Fleet


class Ended(Fleet):
    """Workers that have ended, and have nothing to say."""

    def alive(self) -> int:
        return 0

    def failures(self) -> list[NasdipError]:
        return []

    def interrupt(self) -> None:
        pass

    def kill(self) -> None:
        pass
