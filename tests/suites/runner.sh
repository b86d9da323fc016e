# The runner itself: it counts what passed, failed and was skipped, blocks what needs a failed suite, ends what hangs,
# shows what failed, and exits so that nobody takes a failure, or nothing at all, for success.
. tests/suites/env.sh
fresh
echo 'echo fine' >"$WORK/good.sh"
echo 'echo the reason; exit 3' >"$WORK/bad.sh"
echo '. tests/suites/env.sh; skip "no such tool"' >"$WORK/absent.sh"
echo 'sleep 600 & wait' >"$WORK/endless.sh"
echo 'echo never' >"$WORK/needs-bad.sh"

cat >"$WORK/run.py" <<'P'
import importlib.util, io, pathlib, sys
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("run", "tests/run.py")
run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run)
run.LIMIT_SECONDS = 2
run.LOGS = pathlib.Path("build/runner/log").resolve()

def counts(*suites):
    out = io.StringIO()
    result = run.Run(list(suites), pathlib.Path("build/runner").resolve(), out).all()
    return result, out.getvalue()

Suite = run.Suite
result, said = counts(Suite("good"), Suite("bad"), Suite("absent"), Suite("endless", holds="x"),
                      Suite("needs-bad", needs=("bad",)))
assert result == (1, 3, 1), result
assert "the reason" in said and "no such tool" in said and "longer than 2 s" in said and "never" not in said, said
result, said = counts(Suite("good"), Suite("absent", holds="x"))
assert result == (1, 0, 1), result
assert run.lacking([Suite("good")], ["good"]) == ["good"]  # waits
suites = [Suite("good"), Suite("absent")]
run.Run(suites, pathlib.Path("build/runner").resolve(), io.StringIO()).all()
assert run.lacking(suites, ["good"]) == [] and run.lacking(suites, ["good", "absent", "none"]) == ["absent", "none"]
assert run.verdict(1, 0, 1, ["absent"]) == 1
assert run.verdict(1, 0, 0) == 0 and run.verdict(1, 1, 0) == 1 and run.verdict(0, 0, 3) == 1
missing = [suite.name for suite in run.SUITES if not (run.ROOT / "tests/suites" / f"{suite.name}.sh").exists()]
unlisted = {path.stem for path in (run.ROOT / "tests/suites").glob("*.sh")} - {suite.name for suite in run.SUITES} - {"env"}
assert not unlisted, f"not in the list of tests/run.py: {unlisted}"
if missing:
    print("not written yet:", *missing)
P
python3 "$WORK/run.py"

noticed() { # REASON COMMAND: what must_fail says of a command
    printf '. tests/suites/env.sh\nmust_fail reason %s\n' "$2" >"$WORK/checker.sh"
    must_fail "$1" bash "$WORK/checker.sh"
}
noticed "not noticed: true" true
noticed "not because of" 'bash -c "echo other; exit 1"'
must_fail "no suite nonsense" python3 tests/run.py nonsense
echo "counted as it should"
