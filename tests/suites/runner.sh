# The runner counts: a failing suite fails it, a skipped one is not a passed one, what needs a failed one is not run.
. tests/suites/env.sh
fresh
python3 - "$WORK" <<'PYTHON'
import importlib.util
import io
import sys
from pathlib import Path

work = Path(sys.argv[1])
spec = importlib.util.spec_from_file_location("runner", "tests/run.py")
runner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runner)
runner.LOGS = runner.ROOT / work / "log"
runner.LIMIT_SECONDS = 2


def count(needs=(), **scripts):
    """What the runner says of suites with these scripts."""
    directory = work / "suites"
    directory.mkdir(parents=True, exist_ok=True)
    for name, script in scripts.items():
        (directory / f"{name}.sh").write_text(script)
    suites = [runner.Suite(name, needs=needs if name == "after" else ()) for name in scripts]
    out = io.StringIO()
    return runner.Run(suites, (runner.ROOT / directory), out).all(), out.getvalue()


assert count(good="echo fine")[0] == (1, 0, 0)
counts, said = count(good="exit 0", bad="echo why; exit 3", absent="echo no tool; exit 77")
assert counts == (1, 1, 1), counts
assert "why" in said and "no tool" in said, said
counts, said = count(needs=("bad",), bad="exit 1", after=f"touch {work}/ran")
assert counts == (0, 2, 0) and not (work / "ran").exists(), counts
counts, said = count(slow="sleep 60")
assert counts == (0, 1, 0) and "took longer" in said, said


def code(**scripts):
    """With what the program would end."""
    count(**scripts)
    root, runner.ROOT = runner.ROOT, runner.ROOT / work / "root"
    (runner.ROOT / "tests").mkdir(parents=True, exist_ok=True)
    if not (runner.ROOT / "tests" / "suites").exists():
        (runner.ROOT / "tests" / "suites").symlink_to(root / work / "suites")
    runner.SUITES, sys.argv = [runner.Suite(name) for name in scripts], ["run.py"]
    logs, runner.LOGS = runner.LOGS, runner.ROOT / "log"
    try:
        runner.main()
    except SystemExit as end:
        return int(end.code)
    finally:
        runner.ROOT, runner.LOGS = root, logs


assert code(good="exit 0") == 0
assert code(good="exit 0", absent="exit 77") == 0
assert code(absent="exit 77") != 0
assert code(good="exit 0", bad="exit 1") != 0
PYTHON
echo "passed, failed, skipped, blocked, too slow"
