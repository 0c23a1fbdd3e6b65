"""A program that a warm process runs is a process as any other: its own folder, environment, files, signals and end."""

import signal
import subprocess

import pytest
import warm

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
ECHO = "import os, sys; print(os.getcwd(), os.environ['A'], sys.argv[1], sys.stdin.read(), os.getpid()); sys.exit(7)"
WAITS = "import time; print('here', flush=True); time.sleep(600)"


def test_it_has_its_own_folder_environment_and_files_and_its_own_exit_code(tmp_path):
    process = warm.Started(warm.COMMANDS, "word", text=ECHO, cwd=tmp_path, env={"A": "ü\udcff"}, **PIPES)
    process.stdout.reconfigure(errors="surrogateescape")
    out, _ = process.communicate("said")
    assert out == f"{tmp_path} ü\udcff word said {process.pid}\n"
    assert process.returncode == process.wait() == process.poll() == 7


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_can_be_sent_signals_and_waited_for(number):
    process = warm.Started(warm.COMMANDS, text=WAITS, **PIPES)
    assert process.stdout.readline() == "here\n"
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(number)
    assert process.wait(300) == -number
    process.kill()
    process.communicate()


def test_as_a_command_it_takes_signals_and_ends_with_whoever_asked():
    command = [*warm.command(("warm_example",)), "word"]
    for number in (signal.SIGTERM, signal.SIGKILL):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            word, pid = process.stdout.readline().split()
            assert word == "word"
            assert int(pid) != process.pid
            process.send_signal(number)
            assert process.stdout.read() == "", "whoever holds the other end has ended, too"
        assert process.returncode == -number


def test_what_goes_wrong_in_it_is_its_own_end(capfd):
    assert warm.Started(warm.COMMANDS, text="1 / 0").wait(300) == 1
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert warm.Started(warm.COMMANDS, text="raise SystemExit('no')").wait(300) == 1
    assert capfd.readouterr().err == "no\n"
