"""``videoqa ask --model openai:...``: the whole road from the command line to a server and back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from tests.cli.conftest import Run
from tests.models.server.loopback import Says, Server, streamed

pytest.importorskip("httpx2", reason="models behind a server need the extra [server]")

QUESTION = "What happens after the keeper falls asleep?"
LAMP = '{"action": "answer", "claims": [{"text": "The lamp goes out.", "at": [[23, 26]]}], "confidence": 0.9}'


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*says: Says) -> Server:
        servers.append(Server(says))
        threading.Thread(
            target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ask(videoqa: Callable[..., Run], shelf: Path, sample_film: Path) -> Callable[..., Run]:
    def run(server: Server, *options: str | Path) -> Run:
        model = f"openai:tiny@{server.url}"
        return videoqa(
            "--library",
            shelf,
            "--set",
            "ask.keep_looks=false",
            "ask",
            sample_film,
            QUESTION,
            "--model",
            model,
            *options,
        )

    return run


def test_a_server_answers_with_citations(ask: Callable[..., Run], serve: Callable[..., Server]) -> None:
    server = serve(streamed(LAMP))
    run = ask(server)
    assert run.code == 0
    assert run.out.startswith("The lamp goes out. [0:23–0:26]\n")
    content = server.asked[0]["messages"][1]["content"]
    assert sum(part["type"] == "image_url" for part in content) == 6


def test_steps_go_to_stderr_and_to_a_file(
    ask: Callable[..., Run], serve: Callable[..., Server], tmp_path: Path
) -> None:
    look = '{"action": "look", "from": 24, "to": 24, "frames": 1}'
    run = ask(
        serve(streamed(look), streamed(LAMP)), "--trace", "--trace-file", tmp_path / "steps.json", "--json"
    )
    written = json.loads((tmp_path / "steps.json").read_text(encoding="utf-8"))
    assert [step["action"] for step in written["steps"]] == ["search", "look", "look", "answer"]
    assert "look 0:24–0:24: 1 picture at 24.00 s" in run.err
    assert json.loads(run.out)["status"] == "answered"


def test_the_evidence_can_be_looked_at(
    ask: Callable[..., Run], serve: Callable[..., Server], tmp_path: Path
) -> None:
    run = ask(serve(streamed(LAMP)), "--evidence", tmp_path / "proof")
    assert sorted(path.name for path in (tmp_path / "proof").iterdir()) == [
        "clip-1.mkv",
        "picture-1.jpg",
        "sheet.jpg",
    ]
    assert "3 files in" in run.err
    with av.open(str(tmp_path / "proof" / "clip-1.mkv")) as clip:
        pictures = list(clip.decode(video=0))
    assert 3.0 <= pictures[-1].time - pictures[0].time <= 30.0


def test_a_server_that_is_not_there_is_one_line(
    ask: Callable[..., Run], serve: Callable[..., Server]
) -> None:
    server = serve(Says((b'{"error": {"message": "no such key"}}',), status=401))
    run = ask(server)
    assert run.code != 0
    assert run.out == ""
    assert "refused the key (no such key); set OPENAI_API_KEY" in run.err
    assert "Traceback" not in run.err


def test_an_unknown_kind_of_model_names_the_known_ones(
    videoqa: Callable[..., Run], shelf: Path, sample_film: Path
) -> None:
    run = videoqa("--library", shelf, "ask", sample_film, QUESTION, "--model", "opnai:x")
    assert run.code != 0
    assert "openai" in run.err


def test_scenes_are_captioned_and_then_found(
    videoqa: Callable[..., Run], serve: Callable[..., Server], sample_film: Path, tmp_path: Path
) -> None:
    server = serve(streamed("A heron stands ", "on the roof."))
    caption = ("index", sample_film, "--caption", "scene", "--model", f"openai:tiny@{server.url}")
    run = videoqa("--library", tmp_path, "--set", "index.observers=chapters", *caption)
    assert run.code == 0
    assert "scenes captioned" in run.out
    again = videoqa("--library", tmp_path, "--set", "index.observers=chapters", "--json", *caption)
    num_scenes = len(server.asked)
    assert json.loads(again.out)[0]["captions"] == f"0 scenes captioned, {num_scenes} known"
    found = videoqa("--library", tmp_path, "search", "heron")
    assert "A heron stands on the roof." in found.out


def test_captions_without_eyes_are_one_line(
    videoqa: Callable[..., Run], sample_film: Path, shelf: Path
) -> None:
    run = videoqa("--library", shelf, "index", sample_film, "--caption", "scene")
    assert run.code == 1
    assert "builtin has no eyes" in run.err
    assert "Traceback" not in run.err


def test_summaries_are_written_and_shown(
    videoqa: Callable[..., Run], serve: Callable[..., Server], sample_film: Path, tmp_path: Path
) -> None:
    server = serve(streamed('{"title": "Herons", "sentences": [{"text": "Herons gather.", "from": [1]}]}'))
    run = videoqa(
        "--library", tmp_path, "index", sample_film, "--summaries", "--model", f"openai:tiny@{server.url}"
    )
    assert run.code == 0
    assert "summaries written" in run.out
    assert "scene [0:00–0:13] Herons" in videoqa("--library", tmp_path, "show", sample_film).out
