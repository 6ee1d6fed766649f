"""Clips for the proof of the clock: a flash and a beep at known times, in all that containers do with times."""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from clips import Clip, make_clip

NTSC = Fraction(30_000, 1_001)
FILM = Fraction(24_000, 1_001)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a clip shows and sounds, on the recording's clock."""

    numbers: np.ndarray
    """The numbers that its frames carry."""
    starts: np.ndarray
    """When each of them starts, in seconds."""
    flash_seconds: float
    beep_seconds: float


@dataclass(frozen=True, kw_only=True)
class ClockClip:
    """A clip, how it is cut, and what its encoder adds."""

    clip: Clip
    cut_seconds: float | None = None
    """Cut there without encoding anew, from a clip that is whole."""
    hidden_seconds: float = -np.inf
    """Where it is not cut: the muxer writes an edit list that hides what comes before this."""
    lead_seconds: float = 0.0
    """Length of what the encoder or muxer puts before the sound and no decoder takes away."""

    def truth(self) -> Truth:
        """Return what the clip shows, from how it was made and not from the file."""
        clip = self.clip
        starts, sound = np.array(clip.frame_times), clip.audio_start_seconds or 0.0
        begin = self.hidden_seconds if self.cut_seconds is None else self.cut_seconds
        kept = np.flatnonzero(starts >= begin - 1e-9)
        zero = min(starts[kept[0]], max(sound - self.lead_seconds, begin))
        assert clip.flash_seconds is not None
        return Truth(
            numbers=kept,
            starts=starts[kept] - zero,
            flash_seconds=clip.flash_seconds - zero,
            beep_seconds=clip.beep_seconds - zero,
        )

    def write(self, path: Path) -> Path:
        """Write the file; the container follows from the suffix."""
        if self.cut_seconds is None:
            return make_clip(path, self.clip)
        whole = make_clip(path.with_name(f"whole_{path.name}"), self.clip)
        cut_without_encoding(whole, path, self.cut_seconds)
        whole.unlink()
        return path


def cut_without_encoding(source: Path, target: Path, seconds: float) -> None:
    """Do what ``ffmpeg -ss SECONDS -i source -c copy target`` does.

    Packets are kept from the key frame before the cut on, with times below zero up to it; in MP4 the muxer writes an
    edit list that hides them.
    """
    with av.open(str(source)) as whole, av.open(str(target), "w") as cut:
        streams = {stream.index: cut.add_stream_from_template(stream) for stream in whole.streams}
        whole.seek(round(seconds * 1_000_000))
        for packet in whole.demux():
            if packet.dts is None or packet.pts is None:
                continue
            moved = round(seconds / packet.time_base)
            packet.pts, packet.dts = packet.pts - moved, packet.dts - moved
            packet.stream = streams[packet.stream.index]
            cut.mux(packet)


def steady(fps: int | Fraction, start_seconds: float = 0.0, seconds: float = 2.0) -> tuple[float, ...]:
    """Return when the frames of a constant rate start."""
    return tuple(start_seconds + float(number / fps) for number in range(round(seconds * fps)))


VARIABLE = (*steady(25, 0.0, 0.4), *(0.96 + n / 25 + 0.007 * (n % 3) for n in range(6)), *steady(30, 1.76, 0.5))
"""Nothing new is shown from 0.36 s to 0.96 s and from 1.17 s to 1.76 s; jitter, and then another rate."""

_BASE = Clip(audio_codec="aac", sample_rate=44_100, width=48, flash_seconds=1.01)
_FAST = {"deadline": "realtime", "cpu-used": "8"}
_VP8 = replace(_BASE, video_codec="libvpx", audio_codec="libopus", sample_rate=48_000, options=_FAST)
_MPEG1 = replace(_BASE, video_codec="mpeg1video", audio_codec="mp2", ticks_per_second=25)
_MPEG4 = replace(_BASE, video_codec="mpeg4", audio_codec="pcm_s16le", ticks_per_second=25)
_PCM = replace(_BASE, audio_codec="pcm_s16le")
_LONG_GOP = replace(_BASE, audio_seconds=3.0, frame_times=steady(25, 0.0, 3.0), options={"g": "25", "bf": "2"})
_LATE_CUT = replace(_LONG_GOP, beep_seconds=2.0, flash_seconds=2.01)


_MP2_LEAD = 481 / 44_100


def _steady(clip: Clip, fps: int | Fraction) -> Clip:
    return replace(clip, frame_times=steady(fps), nominal_fps=fps)


def _variable(clip: Clip) -> Clip:
    return replace(clip, frame_times=VARIABLE, flash_seconds=0.7)


CLIPS = {
    "cfr_24.mp4": ClockClip(clip=_steady(_BASE, 24)),
    "cfr_25.mkv": ClockClip(clip=_PCM),
    "cfr_29.97.mp4": ClockClip(clip=_steady(_BASE, NTSC)),
    "cfr_30.webm": ClockClip(clip=_steady(_VP8, 30)),
    "cfr_50.mov": ClockClip(clip=_steady(_PCM, 50)),
    "cfr_60.mp4": ClockClip(clip=_steady(_BASE, 60)),
    "cfr_23.976.mkv": ClockClip(clip=_steady(_PCM, FILM)),
    "variable.mp4": ClockClip(clip=_variable(_BASE)),
    "variable.mkv": ClockClip(clip=_variable(_PCM)),
    "variable.webm": ClockClip(clip=_variable(_VP8)),
    "variable_b_frames.mov": ClockClip(clip=replace(_variable(_BASE), options={"bf": "4"})),
    "b_frames.mp4": ClockClip(clip=replace(_BASE, options={"bf": "8"})),
    "b_frames.avi": ClockClip(clip=replace(_MPEG4, options={"bf": "2"})),
    "b_frames.mpg": ClockClip(clip=replace(_MPEG1, options={"bf": "2"}), lead_seconds=_MP2_LEAD),
    "negative_composition.mp4": ClockClip(
        clip=replace(_BASE, options={"bf": "4"}, container_options={"movflags": "negative_cts_offsets"})
    ),
    "audio_late_0.1.mp4": ClockClip(clip=replace(_BASE, audio_start_seconds=0.1)),
    "audio_late_0.75.mkv": ClockClip(clip=replace(_PCM, audio_start_seconds=0.75)),
    "audio_late_2.mov": ClockClip(
        clip=replace(_PCM, audio_start_seconds=2.0, frame_times=steady(25, 0.0, 3.0), beep_seconds=2.5)
    ),
    "video_late_0.1.mkv": ClockClip(clip=replace(_PCM, frame_times=steady(25, 0.1))),
    "video_late_0.8.mp4": ClockClip(clip=replace(_BASE, frame_times=steady(25, 0.8))),
    "video_late_2.webm": ClockClip(
        clip=replace(_VP8, frame_times=steady(25, 2.0, 1.0), audio_seconds=3.0, flash_seconds=2.51)
    ),
    "both_late.mkv": ClockClip(clip=replace(_PCM, frame_times=steady(25, 0.5), audio_start_seconds=0.7)),
    "both_negative.mkv": ClockClip(
        clip=replace(_PCM, frame_times=steady(25, -0.48), audio_start_seconds=-0.4, audio_seconds=2.5)
    ),
    "video_negative.mp4": ClockClip(clip=replace(_BASE, frame_times=steady(25, -0.48)), hidden_seconds=0.0),
    "cut_at_key_frame.mp4": ClockClip(clip=_LATE_CUT, cut_seconds=1.0),
    "cut_inside_gop.mp4": ClockClip(clip=_LATE_CUT, cut_seconds=1.4),
    "cut_inside_gop.mov": ClockClip(clip=_LATE_CUT, cut_seconds=1.72),
    "cut_inside_frame.mp4": ClockClip(clip=_LATE_CUT, cut_seconds=1.413),
    "mpeg1_25.mpg": ClockClip(clip=_MPEG1, lead_seconds=_MP2_LEAD),
    "mpeg1_29.97.mpg": ClockClip(clip=replace(_steady(_MPEG1, NTSC), ticks_per_second=NTSC), lead_seconds=_MP2_LEAD),
    "mpeg4_25.avi": ClockClip(clip=_MPEG4),
    "sound_8k.avi": ClockClip(clip=replace(_MPEG4, sample_rate=8_000)),
    "sound_16k_aac.mp4": ClockClip(clip=replace(_BASE, sample_rate=16_000)),
    "sound_48k_aac.mov": ClockClip(clip=replace(_BASE, sample_rate=48_000)),
    "sound_opus.mkv": ClockClip(clip=replace(_BASE, audio_codec="libopus", sample_rate=48_000)),
    "sound_opus.mp4": ClockClip(clip=replace(_BASE, audio_codec="libopus", sample_rate=48_000)),
    "sound_mp3.mp4": ClockClip(clip=replace(_BASE, audio_codec="libmp3lame")),
    "sound_aac.mkv": ClockClip(clip=_BASE),
    "fragmented.mp4": ClockClip(
        clip=replace(_BASE, container_options={"movflags": "frag_keyframe+empty_moov"}), lead_seconds=0.08
    ),
    "no_edit_list.mp4": ClockClip(clip=replace(_BASE, container_options={"use_editlist": "0"}), lead_seconds=0.08),
    "cfr_25.ts": ClockClip(clip=_BASE, lead_seconds=1_024 / 44_100),
    "sound_hole.mkv": ClockClip(clip=replace(_PCM, lost_audio=(0.256, 0.64))),
    "sound_hole.mp4": ClockClip(clip=replace(_BASE, lost_audio=(0.256, 0.64))),
}
