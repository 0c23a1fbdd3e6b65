"""Behind nginx, with the configuration of examples/server, as a client sees it."""

import http.client
import os
import re
import shutil
import subprocess
import time

import pytest
from project_guard import PROJECT
from server_lines import opaque
from serving import ADMIN, LIMIT_S, Client, Server

NGINX = shutil.which("nginx", path=os.pathsep.join([*os.get_exec_path(), "/usr/sbin"]))
EXAMPLE = PROJECT / "examples" / "server" / "nginx.conf"
PROJECT_PATH = "/v1/teams/red/projects/p"

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed here (.ci/packages)")

AROUND = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{example}
}}
"""


def configured(folder, server, port):
    """The example, without TLS, on a port of this test."""
    example = EXAMPLE.read_text()
    example = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", example)
    example = re.sub(r"ssl_certificate\w* .*;", "", example)
    example = example.replace("127.0.0.1:3737", server.url.removeprefix("http://"))
    assert "proxy_buffering off" in example
    file = folder / "nginx.conf"
    file.write_text(AROUND.format(folder=folder, example=example))
    return file


@pytest.fixture
def proxied(tmp_path):
    """The address of a server behind nginx."""
    with Server(tmp_path) as server:
        port = free_port()
        folder = tmp_path / "nginx"
        folder.mkdir()
        folder.chmod(0o777)
        tmp_path.chmod(0o755)
        command = [
            NGINX,
            "-p",
            str(folder),
            "-e",
            str(folder / "error.log"),
            "-c",
            str(configured(folder, server, port)),
        ]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder)
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(LIMIT_S)


def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def wait_for(port, process):
    end_s = time.monotonic() + LIMIT_S
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
            connection.close()
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < end_s
            time.sleep(0.05)
        else:
            return


def test_reads_writes_and_streams_go_through_at_once(proxied):
    client = Client(proxied, ADMIN)
    head = client.put(f"{PROJECT_PATH}/state", {}, if_none_match="*").head
    place = proxied.removeprefix("http://").split(":")
    stream = http.client.HTTPConnection(place[0], int(place[1]), timeout=LIMIT_S)
    stream.request(
        "GET", f"{PROJECT_PATH}/events", headers={"Accept": "text/event-stream", "Authorization": f"Bearer {ADMIN}"}
    )
    answer = stream.getresponse()
    assert answer.status == 200
    assert answer.readline() == b"retry: 1000\n", "the first line comes before any event"
    for seq in range(1, 4):
        sent = client.post(f"{PROJECT_PATH}/transactions", {"entry": opaque(seq)}, if_match=f'"{head}"')
        assert sent.status == 201
        head = sent.head
        while not (line := answer.readline()).startswith(b"id: "):
            assert line
        assert line == f"id: {seq}\n".encode()
    stream.close()
    state = client.get(f"{PROJECT_PATH}/state", accept_encoding="gzip")
    assert state.head == head
    assert client.get(f"{PROJECT_PATH}/state", if_none_match=f'"{head}"').status == 304
    client.close()
