"""A database server of the tests' own, in a folder of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path


def binaries() -> Path | None:
    """Return the folder of the server's programs; None where they are not installed."""
    found = shutil.which("initdb")
    folders = (
        [Path(found).resolve().parent]
        if found
        else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    )
    return folders[-1] if folders else None


class Server:
    """PostgreSQL behind a socket, without a port; never run as root, which it refuses."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Not below pytest's folders, which are closed to the server's user.
        self.folder = Path(tempfile.mkdtemp(prefix="nasdip-pg-"))
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        self._do("initdb", "-D", str(self.folder / "data"), "-U", "nasdip", "-A", "trust", "-N")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off"
        log = str(self.folder / "log")
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def database(self, name: str) -> str:
        """Make a database and return its URL."""
        self._do("createdb", "-h", str(self.folder), "-U", "nasdip", name)
        return f"postgresql:///{name}?host={self.folder}&user=nasdip"

    def remove(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def _do(self, program: str, *words: str) -> None:
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            [self._programs / program, *words],
            check=True,
            user=user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )
