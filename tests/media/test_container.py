import socket
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from clips import Clip, beep, make_clip, numbered_frame

from trimodal.media import MediaError, Sampling, probe, read_audio, read_frames
from trimodal.media.container import open_container


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file or directory; expected video or audio"),
        (b"", "the file is empty; expected video or audio"),
        (b"this is not a video", "invalid data found when processing input; expected video or audio"),
    ],
)
def test_what_cannot_be_opened(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=rf"a\.mp4: {message}"), open_container(path):
        pass


def test_a_folder_is_no_media(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is a directory; expected video or audio"), open_container(tmp_path):
        pass


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("zero_byte.mp4", "the file is empty"),
        ("text_named.mp4", "invalid data found"),
        ("truncated_no_moov.mp4", "invalid data found"),
    ],
)
def test_real_files_that_cannot_be_opened(name: str, message: str, media: Path) -> None:
    with pytest.raises(MediaError, match=f"{name}: {message}"):
        probe(media / "odd" / name)


def test_a_playlist_fetches_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        path = tmp_path / "a.m3u8"
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(MediaError, match="expected video or audio"):
            probe(path)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.flac", "flac")])
def test_cover_art_is_not_video(name: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        audio = container.add_stream(codec, 16_000, layout="mono")
        cover = container.add_stream("mjpeg", 1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(numbered_frame(1), "rgb24")
        picture.pts = 0
        container.mux([*cover.encode(picture), *cover.encode()])
        sound = av.AudioFrame.from_ndarray((beep(Clip())[None] * 32767).astype(np.int16), "s16", "mono")
        sound.sample_rate, sound.pts = 16_000, 0
        container.mux([*audio.encode(sound), *audio.encode()])
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    info = probe(path)
    assert info.video_start_seconds is None and info.video_end_seconds is None
    assert list(read_frames(path, info, Sampling())) == []
    assert read_audio(path, info) is not None


def test_decoding_ends_where_the_container_breaks_off(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    info = probe(path)
    count = sum(len(batch.pixels) for batch in read_frames(path, info, Sampling()))
    audio = read_audio(path, info)
    assert audio is not None and 0 < count < 50 and 0 < audio.end_seconds < 2


def _wave(path: Path) -> bytearray:
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))
    return bytearray(path.read_bytes())


def test_a_title_that_is_not_utf_8_harms_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    title = b"INFOINAM" + struct.pack("<I", 6) + "Café".encode("latin-1") + b"\0\0"
    path.write_bytes(_wave(path) + b"LIST" + struct.pack("<I", len(title)) + title)
    assert probe(path).duration_seconds == pytest.approx(1.0)


def test_a_stream_without_a_decoder_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    content = _wave(path)
    content[20:22] = b"\x99\x99"  # the number of a codec that does not exist
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.wav: holds neither audio nor video"):
        probe(path)
