"""What people read of the browsers they are signed in with."""

import pytest

from gateway.web.browsers import called

APPLE = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0) {APPLE} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        (f"Mozilla/5.0 (Linux; Android 15) {APPLE} Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {APPLE} Safari/604.1", "Safari, iPhone"),
        ("curl/8.14.1", "curl/8.14.1"),
        ("x" * 200, "x" * 60),
        ("", "–"),
    ],
    ids=["firefox", "edge", "android", "iphone", "curl", "long", "nothing"],
)
def test_a_browser_is_called_by_its_name(agent: str, said: str) -> None:
    assert called(agent) == said
