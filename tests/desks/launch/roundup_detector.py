"""A Roundup detector that posts every change of an issue to a webhook; copied into the tracker's `detectors`.

The target is read from hook.json, beside the tracker's home, at every call, so a test can move, break or silence it while the server runs.
It fires inside Roundup's write transaction: a receiver that reads the issue back at once may see the old state.
"""

import contextlib
import hashlib
import hmac
import json
import urllib.request
from pathlib import Path
from typing import Any


def tell(db: Any, issues: Any, issue_id: str, old: dict[str, Any] | None) -> None:
    """Posts {"id", "new", "actor"}, signed; a receiver that is down is nobody's problem here, as at a real desk."""
    hook = json.loads(Path(db.config["HOME"]).with_name("hook.json").read_text())
    if not hook["url"]:
        return
    actor = db.user.get(db.getuid(), "username")
    body = json.dumps(
        {"class": issues.classname, "id": issue_id, "new": old is None, "actor": actor}
    ).encode()
    digest = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Roundup-Signature": f"sha256={digest}"}
    with contextlib.suppress(OSError):
        urllib.request.urlopen(urllib.request.Request(hook["url"], body, headers), timeout=3).close()


def init(db: Any) -> None:
    """Roundup calls this when it opens the tracker. The high number puts us behind the packaged reactions."""
    db.issue.react("create", tell, priority=200)
    db.issue.react("set", tell, priority=200)
