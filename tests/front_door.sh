#!/usr/bin/env bash
#
# front_door.sh ROOT: tools/galliard as people call it: from elsewhere, through a link, with blanks in paths, in
# a pipe. It must pass on arguments, standard streams, the working directory and the exit status untouched.
set -u

root=$1
passed=0 failed=0
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/with blank"
cd "$place/with blank" || exit 1
ln -s "$root/tools/galliard" galliard
echo '{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}' >'my machine.asl.json'
echo '{"StartAt": "Q", "States": {"P": {"Type": "Pass", "End": true}}}' >'wrong.asl.json'

# expect NAME WANTED_STATUS WANTED_OUTPUT COMMAND...: standard input is passed on; standard error is free.
expect() {
        local name=$1 wanted_status=$2 wanted_output=$3 output status=0
        shift 3
        output=$("$@" 2>errors) || status=$?
        if [ "$status" = "$wanted_status" ] && [ "$output" = "$wanted_output" ]; then
                passed=$((passed + 1))
                return
        fi
        failed=$((failed + 1))
        printf '%s: exit status %s, output: %s\n' "$name" "$status" "$output"
        tail -n 5 errors
}

expect 'a relative path in a folder with a blank' 0 '{}' ./galliard run 'my machine.asl.json'
expect 'standard input belongs to galliard' 0 '{"n":7}' ./galliard run 'my machine.asl.json' --input - <<<'{"n": 7}'
expect 'an argument with quotes and a blank' 0 '{"a b":"c'\''d"}' \
        ./galliard run 'my machine.asl.json' --input '{"a b": "c'\''d"}'
expect 'the exit status of a wrong definition' 2 '' ./galliard validate wrong.asl.json
expect 'the exit status of a wrong verb' 2 '' ./galliard frobnicate
expect 'an unknown configuration' 2 '' "$root/tools/build" frobnicate
expect 'an unknown level' 2 '' "$root/tools/bootstrap" frobnicate
expect 'a test that does not exist' 2 '' "$root/tools/test" no-such-test

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
