"""Files that travel with a study, by a folder and by S3."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import optuna
import pytest
import torch
from optuna.artifacts.exceptions import ArtifactNotFound

from nasdip_core.errors import OptionError, RunError, StudyError
from nasdip_core.searching.kept import KeptFits
from nasdip_core.study.artifacts import Artifacts, artifacts_of, note_place, place_of_files


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as an artifact store uses."""

    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200)

    def do_GET(self) -> None:
        found = self.objects.get(self.path)
        self._answer(404 if found is None else 200, found or b"")

    def do_DELETE(self) -> None:
        self.objects.pop(self.path, None)
        self._answer(204)

    def _answer(self, code: int, body: bytes = b"") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What a bucket holds that boto3 finds in the environment."""
    pytest.importorskip("boto3", reason="boto3 is not installed")
    objects: dict[str, bytes] = {}
    handler = type("Mine", (Bucket,), {"objects": objects})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "here",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    }.items():
        monkeypatch.setenv(name, value)
    yield objects
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["folder", "s3"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    place = str(tmp_path / "store")
    if request.param == "s3":
        request.getfixturevalue("bucket")
        place = "s3://mine/some/where"
    study = optuna.create_study()
    note_place(study, place)
    found = artifacts_of(study)
    assert found is not None
    return found


def test_a_file_is_stored_fetched_and_removed(artifacts: Artifacts, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"content")
    artifacts.put("a.bin", tmp_path / "a.bin")
    told = artifacts.names()["a.bin"]
    assert told["bytes"] == 7
    assert told["sha256"].startswith("ed7002b4")
    assert artifacts.get("a.bin", tmp_path / "deep" / "b.bin")
    assert (tmp_path / "deep" / "b.bin").read_bytes() == b"content"
    artifacts.remove("a.bin")
    assert artifacts.names() == {}
    assert not artifacts.get("a.bin", tmp_path / "c.bin")
    artifacts.remove("a.bin")


def test_a_name_is_given_to_another_file(artifacts: Artifacts, tmp_path: Path) -> None:
    """The earlier one is removed, and never written over: another machine may read it just now."""
    ids = []
    for content in (b"one", b"two", b"two"):
        (tmp_path / "a").write_bytes(content)
        artifacts.put("a", tmp_path / "a")
        ids.append(artifacts.names()["a"]["id"])
    assert artifacts.get("a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"two"
    assert ids[0] != ids[1] == ids[2]
    with pytest.raises(ArtifactNotFound):
        artifacts._store.open_reader(ids[0])


def test_files_that_come_and_go_leave_nothing_with_the_study(tmp_path: Path) -> None:
    study = optuna.create_study()
    artifacts = Artifacts(study, str(tmp_path / "store"))
    for i in range(9):
        (tmp_path / "a").write_bytes(bytes([i]))
        artifacts.put(f"trial-{i}", tmp_path / "a")
        artifacts.remove(f"trial-{i - 2}")
    assert set(artifacts.names()) == {"trial-7", "trial-8"}
    assert len(study.user_attrs) == 3
    assert len(list((tmp_path / "store").iterdir())) == 2


def test_what_two_have_stored_at_once_is_removed_by_both_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = Artifacts(optuna.create_study(), str(tmp_path / "store"))
    (tmp_path / "a").write_bytes(b"content")
    artifacts.put("a", tmp_path / "a")
    with monkeypatch.context() as before:
        before.setattr(artifacts, "_notes_of", lambda _: {})
        artifacts.put("a", tmp_path / "a")
    assert artifacts.get("a", tmp_path / "b")
    artifacts.remove("a")
    assert artifacts.names() == {}


def test_a_study_whose_name_is_no_file_name(tmp_path: Path) -> None:
    artifacts = Artifacts(optuna.create_study(study_name="me/two"), str(tmp_path / "store"))
    (tmp_path / "a").write_bytes(b"content")
    artifacts.put("a", tmp_path / "a")
    assert artifacts.get("a", tmp_path / "b")


def test_objects_have_their_prefix(bucket: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    for place in ("s3://mine/some/where/", "s3://other"):
        Artifacts(optuna.create_study(study_name="s"), place).put("a", tmp_path / "a")
    assert sorted(path.rpartition("/")[0] for path in bucket) == ["/mine/some/where", "/other"]


def test_what_was_changed_is_not_taken(tmp_path: Path) -> None:
    study = optuna.create_study()
    store = Artifacts(study, str(tmp_path / "store"))
    (tmp_path / "a").write_bytes(b"content")
    store.put("a", tmp_path / "a")
    next((tmp_path / "store").iterdir()).write_bytes(b"another")
    with pytest.raises(RunError, match="is not what was stored there"):
        store.get("a", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_store_without_room(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("no folder")
    (tmp_path / "a").write_bytes(b"content")
    store = Artifacts(optuna.create_study(), str(tmp_path / "store"))
    with pytest.raises(RunError, match="cannot store 'a'"):
        store.put("a", tmp_path / "a")
    assert store.names() == {}


def test_the_place_is_a_studys_own(tmp_path: Path) -> None:
    study = optuna.create_study()
    assert artifacts_of(study) is None
    note_place(study, place_of_files(study, str(tmp_path)))
    assert place_of_files(study, str(tmp_path)) == str(tmp_path)
    with pytest.raises(StudyError, match="has its files in"):
        place_of_files(study, str(tmp_path / "other"))
    with pytest.raises(OptionError, match="write a folder, or s3://"):
        place_of_files(study, "ftp://host/x")


def test_a_store_that_does_not_answer_is_away_and_a_changed_file_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = Artifacts(optuna.create_study(), str(tmp_path / "store"))
    (tmp_path / "a").write_text("a")
    name = KeptFits(tmp_path / "fits").path("a", 0).name
    artifacts.put(name, tmp_path / "a")
    (stored,) = (tmp_path / "store").iterdir()
    stored.write_text("b")
    with pytest.raises(RunError, match="is not what was stored there"):
        artifacts.get(name, tmp_path / "b")
    assert KeptFits(tmp_path / "fits", artifacts).load("a", 0, torch.device("cpu")) is None

    def away(*_: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(artifacts._store, "open_reader", away)
    with pytest.raises(StudyError, match=r"cannot fetch 'a--0.* from '.*store': no route to host"):
        artifacts.get(name, tmp_path / "b")
