"""The way to a server: addresses, TLS, proxies. A token goes to the server that was named, and to nobody else."""

import ssl
import subprocess

import pytest
from scripted import CUT, Scripted, answer, read_request, state

from coordinaut_git.errors import CoordinautError
from coordinaut_git.stores.remote.address import address_of, proxy_for


def failing(act):
    with pytest.raises(CoordinautError) as raised:
        act()
    return raised.value


GOOD = {
    "http://localhost:3737": ("localhost", 3737, ""),
    "http://127.0.0.1": ("127.0.0.1", 80, ""),
    "http://127.9.9.9:1": ("127.9.9.9", 1, ""),
    "http://[::1]:3737/": ("::1", 3737, ""),
    "http://app.localhost:80": ("app.localhost", 80, ""),
    "https://Coordinaut.Example": ("coordinaut.example", 443, ""),
    "https://host.example:8443/deep/er/": ("host.example", 8443, "/deep/er"),
    "https://bücher.example": ("xn--bcher-kva.example", 443, ""),
    "HTTPS://host.example": ("host.example", 443, ""),
}


@pytest.mark.parametrize("url", GOOD)
def test_an_address_is_read(url):
    address = address_of(url, "red", "web", {})
    assert (address.host, address.port, address.prefix) == GOOD[url]
    assert address_of(address.server, "red", "web", {}) == address
    assert address.path.endswith("/v1/teams/red/projects/web")


BAD = ["", "host", "//host", "ftp://host", "file:///etc/passwd", "https://", "https://host:port", "https://host:99999",
       "https://ho st", "https://host\n.example", "https://host/\r\nX: 1", "https://host?x=1", "https://host#x",
       "https://host/ä", "https://[::1", "https:///path", "javascript:alert(1)", "https://" + "ä" * 80 + ".example"]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_is_refused(url):
    error = failing(lambda: address_of(url, "red", "web", {}))
    assert (error.code, error.exit_code) == ("bad_remote_url", 2)
    assert error.message.isprintable()


@pytest.mark.parametrize("url", ["https://me:s3cr3t@host.example", "https://s3cr3t@host.example"])
def test_an_address_with_a_password_is_refused_and_not_shown(url):
    error = failing(lambda: address_of(url, "red", "web", {}))
    assert error.code == "bad_remote_url"
    assert "s3cr3t" not in f"{error.message}{error.hint}"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "-a", "a\n", "é", "a" * 65, "../x", "%2e"])
def test_a_name_that_no_server_takes_is_refused(name):
    for team, project in ((name, "web"), ("red", name)):
        assert (
            failing(lambda names=(team, project): address_of("https://h.example", *names, {})).code == "bad_remote_name"
        )


@pytest.mark.parametrize("url", ["http://host.example", "http://10.0.0.1:3737", "http://localhost.evil.example",
                                 "http://127.0.0.1.evil.example", "http://[fe80::1]"])  # fmt: skip
def test_a_token_does_not_travel_in_the_clear(url):
    error = failing(lambda: address_of(url, "red", "web", {}))
    assert (error.code, error.exit_code) == ("insecure_url", 2)
    assert "COORDINAUT_REMOTE_ALLOW_HTTP" not in f"{error.message}{error.hint}"
    assert address_of(url, "red", "web", {"COORDINAUT_REMOTE_ALLOW_HTTP": "1"})
    assert failing(lambda: address_of(url, "red", "web", {"COORDINAUT_REMOTE_ALLOW_HTTP": "0"})).code == "insecure_url"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(opened, status):
    with Scripted(state()) as other:
        for place in (other.url, other.url.replace("localhost", "127.0.0.1"), "/elsewhere"):
            with Scripted(answer(status, ours=False, Location=place)) as server:
                assert failing(opened(server.url, cache=None).head).code == "redirected"
        assert other.connections == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that nobody has signed, and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    extra = ["-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*words, *extra], check=True, capture_output=True, cwd=folder)
    return folder


@pytest.fixture
def secure(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Scripted(state(), context=context) as server:
        yield server


def test_a_certificate_that_nobody_trusts_ends_it_before_the_token_is_sent(opened, secure):
    error = failing(opened(secure.url).head)
    assert (error.code, error.exit_code) == ("bad_certificate", 6)
    assert "SSL_CERT_FILE" in error.hint
    assert secure.requests == []


def test_a_certificate_of_another_host_is_not_taken(opened, secure, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    assert opened(secure.url).head() == "genesis"
    url = secure.url.replace("localhost", "127.0.0.1")
    assert failing(opened(url, cache=None).head).code == "bad_certificate"


def test_a_server_without_tls_where_tls_is_asked_for_is_told(opened, server):
    error = failing(opened(server.url.replace("http:", "https:")).head)
    assert error.code == "remote_unreachable"
    assert "TLS" in error.message


PROXIES = [
    ("https://host.example", {"https_proxy": "http://p:1"}, "p:1"),
    ("https://host.example", {"HTTPS_PROXY": "p:1"}, "p:1"),
    ("https://host.example", {"all_proxy": "http://p:1"}, "p:1"),
    ("https://host.example", {"http_proxy": "http://p:1"}, None),
    ("https://host.example", {"https_proxy": "http://p:1", "no_proxy": "other.example, example"}, None),
    ("https://host.example", {"https_proxy": "http://p:1", "no_proxy": ".example"}, None),
    ("https://host.example", {"https_proxy": "http://p:1", "NO_PROXY": "*"}, None),
    ("https://host.example", {"https_proxy": "http://p:1", "no_proxy": "ample"}, "p:1"),
    ("http://host.example", {"http_proxy": "http://p:1"}, "p:1"),
    ("http://host.example", {"HTTP_PROXY": "http://p:1"}, None),
    ("http://localhost:3737", {"http_proxy": "http://p:1", "all_proxy": "http://p:2"}, None),
]


@pytest.mark.parametrize(("url", "environ", "wanted"), PROXIES)
def test_the_proxy_is_the_one_that_the_environment_names(url, environ, wanted):
    environ = {"COORDINAUT_REMOTE_ALLOW_HTTP": "1", **environ}
    proxy = proxy_for(address_of(url, "red", "web", environ), environ)
    assert (f"{proxy.host}:{proxy.port}" if proxy else None) == wanted


def test_a_proxy_of_a_kind_that_we_do_not_speak_is_refused_without_its_password(opened):
    for url in ("socks5://me:s3cr3t@p:1", "https://me:s3cr3t@p", "http://me:s3cr3t@p:port"):
        error = failing(lambda url=url: opened("https://host.example", https_proxy=url))
        assert error.code == "bad_proxy"
        assert "s3cr3t" not in f"{error.message}{error.hint}"


def test_plain_http_goes_through_a_proxy_with_the_whole_address(opened):
    with Scripted(state()) as proxy:
        store = opened(
            "http://host.example:81/x",
            COORDINAUT_REMOTE_ALLOW_HTTP="1",
            http_proxy=f"http://me:pw@127.0.0.1:{proxy.port}",
        )
        assert store.head() == "genesis"
        (request,) = proxy.requests
        assert request.path == "http://host.example:81/x/v1/teams/red/projects/web/state"
        assert request.headers["host"] == "host.example:81"
        assert request.headers["proxy-authorization"] == "Basic bWU6cHc="


def test_tls_goes_through_a_proxy_that_sees_neither_token_nor_path(opened, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    monkeypatch.setattr("coordinaut_git.stores.remote.address.Address.local", False)  # which no proxy is asked for
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    inner = []

    def connect(client, request):
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(client, server_side=True) as secure:
            inner.append(read_request(secure))
            secure.sendall(state())
            read_request(secure)

    with Scripted(connect) as proxy:
        store = opened("https://localhost:9443", https_proxy=f"http://me:pw@127.0.0.1:{proxy.port}")
        assert store.head() == "genesis"
        store.close()
        (outer,) = proxy.requests
    assert (outer.method, outer.path) == ("CONNECT", "localhost:9443")
    assert outer.headers == {"host": "localhost:9443", "proxy-authorization": "Basic bWU6cHc="}
    assert inner[0].headers["authorization"] == "Bearer red-member"
    assert inner[0].headers["host"] == "localhost:9443"
    assert "proxy-authorization" not in inner[0].headers


@pytest.mark.parametrize("told", [CUT, answer(407, ours=False), answer(502, ours=False), b"nonsense\r\n\r\n"])
def test_a_proxy_that_does_not_let_us_through_is_told(opened, told):
    with Scripted(told) as proxy:
        proxied = {"https_proxy": f"http://127.0.0.1:{proxy.port}", "COORDINAUT_REMOTE_TIMEOUT": "3"}
        error = failing(opened("https://host.example", **proxied).head)
        assert (error.code, error.exit_code) == ("remote_unreachable", 5)
        assert "authorization" not in proxy.requests[0].headers
