# The demo runs, with several seeds; and it fails when a device shows twice, and when the mailbox accepts every commit.
. tests/suites/env.sh
fresh
export OUT=$WORK/programs
for seed in 1 2 3; do
    examples/demo/run.sh $seed
done

broken() { # FILE FROM TO
    rm -rf "$WORK/broken"
    cp -r examples/demo "$WORK/broken"
    sed -i "s/$2/$3/" "$WORK/broken/$1"
    cmp -s "examples/demo/$1" "$WORK/broken/$1" && { echo "nothing to break in $1: $2"; exit 1; }
    must_fail "$4" env SOURCE="$WORK/broken" examples/demo/run.sh 1
}
broken device.cpp 'seen_.count(event.id()) == 0' '(again_ += seen_.count(event.id()), true)' 'shown event [0-9]* twice'
broken device.cpp '    files_.write("log"' '    if (shown_ != 5) files_.write("log"' 'bob shows of alice'
broken mailbox.c 'return answer || known;' 'return answer || known || 1;' 'FAILED: alice answers "accepted", not "refused"'
echo "3 seeds"
