"""What people call a browser: its name and the system it runs on, as its User-Agent says. A guess for their eyes; nothing depends on it."""

_NAMES = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
"""The first that fits: each of them says that it is those below, too."""
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
_LONGEST = 60


def called(agent: str) -> str:
    """`Firefox, Windows`; what names neither stands as it is, cut."""
    found = [
        next((name for sign, name in known.items() if sign in agent), "") for known in (_NAMES, _SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or agent[:_LONGEST] or "–"
