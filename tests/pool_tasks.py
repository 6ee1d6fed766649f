"""Tasks for worker processes, which import this file."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from trimodal.extract.running.work import Tell


def device_and_process(content: object, device: str, tell: Tell) -> tuple[str, int]:
    time.sleep(0.2)
    return device, os.getpid()


def die_if(dies: bool, device: str, tell: Tell) -> str:
    tell("dying")
    if dies:
        print("last words", file=sys.stderr)
        os.abort()
    tell("")
    return "alive"


def kill_once(mark: Path, device: str, tell: Tell) -> str:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def signal_self(content: tuple[Path, tuple[int, int]], device: str, tell: Tell) -> None:
    """End by one signal at first, and by another the second time."""
    mark, numbers = content
    number = numbers[mark.exists()]
    mark.touch()
    signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
    os.kill(os.getpid(), number)


def die_by(number: int, plan: object, work: object, content: object, device: str, tell: Tell) -> None:
    """Take the place of the runner's own task."""
    os.kill(os.getpid(), number)


def leave_file_and_die_if(dies: bool, device: str, tell: Tell) -> str:
    descriptor, name = tempfile.mkstemp()
    os.close(descriptor)
    if dies:
        os.abort()
    return name


def start_large_program(content: object, device: str, tell: Tell) -> None:
    subprocess.run([sys.executable, "-c", "import time; a = b'x' * 2**30; time.sleep(60)"])


def speak_and_die(words: str, device: str, tell: Tell) -> None:
    print(words, file=sys.stderr, flush=True)
    os._exit(1)


def sleep(content: object, device: str, tell: Tell) -> None:
    time.sleep(60)


def hang_and_hold(note: Path, device: str, tell: Tell) -> None:
    """Hang in native code that keeps Python's lock, so that no other thread runs."""
    note.write_text(str(os.getpid()))
    while True:
        ctypes.PyDLL(None).pause()


def start_program(note: Path, device: str, tell: Tell) -> None:
    program = subprocess.Popen(["sleep", "60"])
    note.write_text(str(program.pid))
    program.wait()


def is_gone(process_id: int) -> bool:
    """Wait a while for a process to end."""
    try:
        psutil.Process(process_id).wait(5)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True
