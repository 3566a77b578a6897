"""Calls each method of OpenWA's own SDK once with realistic arguments, and says what came of it."""

import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import openwa  # noqa: E402
from gateway.gateway import Gateway  # noqa: E402

import calls  # noqa: E402
import shapes  # noqa: E402

GAPS = HERE / "gaps.txt"
ABOUT = """\
# Methods of OpenWA's Python SDK that this gateway does not have yet, or that it refuses: the method, `missing` or
# `refused`, and for a refusal why. `tests/openwa-sdk/run --update` writes it. It may only get shorter.
"""


def methods(client):
    """Every method of the SDK by its name, such as `messages.send_text`."""
    found = {"auth": client.auth, "request": client.request}
    for name in sorted(dir(client)):
        resource = getattr(client, name)
        if name.startswith("_") or callable(resource):
            continue
        for method in sorted(dir(resource)):
            if not method.startswith("_") and callable(getattr(resource, method)):
                found[f"{name}.{method}"] = getattr(resource, method)
    return found


def outcome(name, method, world):
    """What came of a method: `passed`, `missing`, `refused` or `wrong`, and what there is to say."""
    call = calls.CALLS.get(name)
    if call is None:
        return "wrong", "there is no test for it here"
    try:
        answer = call(world)
        if name != "request":
            shapes.fits(answer, shapes.answer_of(method))
        return "passed", ""
    except openwa.OpenWAApiError as error:
        if error.status in (404, 405) and error.code in ("NO_SUCH_ROUTE", "METHOD_NOT_ALLOWED"):
            return "missing", str(error.body.get("message"))
        if error.status == 501:
            return "refused", str(error.body.get("message"))
        return "wrong", str(error)
    except AssertionError as error:
        return "wrong", str(error) or traceback.format_exc()
    except Exception:  # the one place where any failure of a method ends
        return "wrong", traceback.format_exc()


def known_gaps():
    lines = GAPS.read_text().splitlines() if GAPS.exists() else []
    gaps = (line.split(" ", 2) for line in lines if line and not line.startswith("#"))
    return {gap[0]: gap[1] for gap in gaps}


def main():
    words = [it for it in sys.argv[1:] if not it.startswith("--")]
    update = "--update" in sys.argv[1:]
    with Gateway({"LOG_LEVEL": "warn"}) as gateway:
        client = openwa.OpenWAClient(gateway.base, gateway.key, timeout=60)
        world = calls.World(gateway, client)
        results = {}
        for name, method in methods(client).items():
            if words and not any(word in name for word in words):
                continue
            begun = time.monotonic()
            results[name] = outcome(name, method, world)
            how, what = results[name]
            print(f"{how:8} {name} ({time.monotonic() - begun:.1f} s) {what}".rstrip(), flush=True)
        unknown = set(calls.CALLS) - set(methods(client))
    return close(results, unknown, bool(words), update)


def close(results, unknown, partial, update):
    """The table, and the status to exit with."""
    known = known_gaps()
    open_now = {name: it for name, it in results.items() if it[0] in ("missing", "refused")}
    if update and not partial:
        lines = [f"{name} {how}" + (f" {what}" if how == "refused" else "") for name, (how, what) in open_now.items()]
        GAPS.write_text(ABOUT + "\n".join(lines) + "\n")
        known = known_gaps()
    new = {name: it for name, it in open_now.items() if known.get(name) != it[0]}
    wrong = {name: it for name, it in results.items() if it[0] == "wrong"}
    closed = [name for name in known if name in results and results[name][0] == "passed"]
    print(f"\n| called | {len(results)} |\n|---|---|")
    for how, words in (
        ("passed", "passed"),
        ("refused", "refused with 501"),
        ("missing", "missing"),
        ("wrong", "wrong"),
    ):
        print(f"| {words} | {sum(it[0] == how for it in results.values())} |")
    for name, (how, what) in {**new, **wrong}.items():
        print(f"FAILED {name}: {how}: {what}")
    for name in unknown:
        print(f"FAILED {name}: the SDK has no such method")
    if closed:
        print(f"Not missing any more, so take them off {GAPS.name} (--update does): {', '.join(closed)}")
    return 1 if new or wrong or unknown or not results else 0


if __name__ == "__main__":
    sys.exit(main())
