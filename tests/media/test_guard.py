"""What is opened at all, and what an opened file may reach."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.reels import Reel
from video_vlm.errors import FileChanged, RefusedMedia, UnreadableVideo
from video_vlm.media import content_id, open_video, probe
from video_vlm.media.container import open_container

MakeVideo = Callable[[Reel], Path]

REFERENCES = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{url}\n#EXT-X-ENDLIST\n",
    "HLS-after-blank-lines": "\n\n  #EXTM3U\n#EXTINF:3,\n{url}\n",
    "HLS-after-a-mark": "\ufeff#EXTM3U\n#EXTINF:3,\n{url}\n",
    "concat": "ffconcat version 1.0\nfile '{path}'\n",
    "concat-without-header": "# a list\nfile '{path}'\n",
    "DASH": '<?xml version="1.0"?>\n<!-- a manifest -->\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "SMIL": '<smil><body><video src="{url}"/></body></smil>',
    "Smooth": '<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2"/>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "PLS": "[playlist]\nFile1={url}\n",
    "address": "http://127.0.0.1:9/video.mp4\n",
}


@pytest.mark.parametrize("kind", REFERENCES)
@pytest.mark.parametrize("name", ["film.mp4", "list.m3u8", "no_extension"])
def test_a_list_of_other_files_is_refused_whatever_its_name(
    make_video: MakeVideo, tmp_path: Path, kind: str, name: str
) -> None:
    target = make_video(Reel())
    path = tmp_path / name
    path.write_text(REFERENCES[kind].format(path=target, url=target.as_uri()), encoding="utf-8")
    with pytest.raises(RefusedMedia, match="other files or addresses") as refused:
        open_video(path)
    assert "\n" not in str(refused.value)


def test_a_playlist_in_utf_16_is_refused(make_video: MakeVideo, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_text(f"#EXTM3U\n{make_video(Reel())}\n", encoding="utf-16")
    with pytest.raises(RefusedMedia):
        open_video(path)


def test_a_playlist_behind_a_music_tag_opens_nothing(make_video: MakeVideo, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    playlist = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{make_video(Reel()).as_uri()}\n#EXT-X-ENDLIST\n"
    )
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + playlist.encode())
    with pytest.raises(UnreadableVideo):
        open_video(path)


def test_a_video_called_like_a_playlist_is_a_video(make_video: MakeVideo, tmp_path: Path) -> None:
    path = Path(shutil.copy(make_video(Reel()), tmp_path / "film.m3u8"))
    assert probe(path).num_frames == 30


@pytest.mark.parametrize("address", ["https://example.org/film.mp4", "rtsp://camera/1", "concat:a.mp4|b.mp4"])
def test_an_address_is_no_file(address: str) -> None:
    with pytest.raises((RefusedMedia, UnreadableVideo)):
        open_video(address)


@pytest.mark.parametrize(
    "name",
    ["-i.mp4", "'quotes' \"and\" $HOME;ls.mp4", "naïve 視頻 файл 🎬.mp4", "100%d.mp4", "a b.mp4", "x" * 200],
)
def test_a_name_is_only_a_name(
    make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if os.name == "nt" and set(name) & set('"|?*'):
        pytest.skip("Windows has no such names")
    shutil.copy(make_video(Reel()), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    with open_video(name) as reader:
        assert sum(1 for _ in reader.scan()) == 30


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideo, match="there is no such file"):
        open_video(tmp_path / "missing.mp4")


def test_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideo, match="this is a folder"):
        open_video(tmp_path)


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(UnreadableVideo, match="empty"):
        open_video(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    with pytest.raises(UnreadableVideo, match="pipe or a device"):
        open_video(path)


def test_a_picture_larger_than_any_film_is_refused(make_video: MakeVideo) -> None:
    bomb = make_video(Reel(codec="png", suffix=".mov", size=(16800, 12), times=(0, 100)))
    with pytest.raises(UnreadableVideo, match="16800x12"):
        open_video(bomb)


def test_a_cut_off_recording_says_what_is_missing(make_video: MakeVideo, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(make_video(Reel()).read_bytes()[:1000])
    with pytest.raises(UnreadableVideo, match="moov"):
        open_video(path)


def test_the_file_is_closed_when_the_container_is(make_video: MakeVideo, tmp_path: Path) -> None:
    path = Path(shutil.copy(make_video(Reel()), tmp_path / "film.mp4"))
    with open_container(path) as container:
        assert container.streams
    path.unlink()


def test_a_file_that_changes_while_it_is_read_is_an_error(make_video: MakeVideo, tmp_path: Path) -> None:
    path = Path(shutil.copy(make_video(Reel()), tmp_path / "film.mp4"))
    with open_video(path) as reader:
        shutil.copy(make_video(Reel(b_frames=2)), path)
        with pytest.raises(FileChanged, match="changed"):
            list(reader.scan())


def test_identity_survives_a_new_name_and_no_changed_byte(make_video: MakeVideo, tmp_path: Path) -> None:
    original = make_video(Reel())
    renamed = Path(shutil.copy(original, tmp_path / "renamed"))
    assert content_id(renamed) == content_id(original)
    data = bytearray(original.read_bytes())
    data[-1] ^= 1
    renamed.write_bytes(data)
    assert content_id(renamed) != content_id(original)


def test_identity_is_forty_hexadecimal_digits(make_video: MakeVideo) -> None:
    assert int(content_id(make_video(Reel())), 16) > 0
    assert len(content_id(make_video(Reel()))) == 40
