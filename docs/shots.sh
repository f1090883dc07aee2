#!/bin/sh
# Makes the guide's pictures: opens the example in the editor on a screen of its own, looks at it, and saves what is seen.
# usage: docs/shots.sh PROGRAM FOLDER     needs Xvfb, xdotool, and ImageMagick's `import`
set -eu
program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
graphs=$(realpath "$(dirname "$0")/../graphs")
work=$(mktemp -d)
screen= editor=
trap 'kill $editor $screen 2>/dev/null || true; rm -rf "$work"' EXIT

mkdir -p "$work/config/throughline" "$work/film"
settings="$work/config/throughline/editor.json"
cp -r "$graphs"/lighthouse.* "$graphs"/refs "$work/film/"
(cd "$work/film" && "$program" run lighthouse.ron)

export HOME="$work" XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data"
export LIBGL_ALWAYS_SOFTWARE=1 THROUGHLINE_OWN_DIALOGS=1 THROUGHLINE_KEYRING=off
unset WAYLAND_DISPLAY || true
Xvfb -displayfd 3 -screen 0 1280x720x24 -nolisten tcp >/dev/null 2>&1 3>"$work/display" &
screen=$!
while [ ! -s "$work/display" ]; do sleep 0.1; done
DISPLAY=:$(cat "$work/display")
export DISPLAY

look() {
    sleep 1.5
    import -window root -colors 128 "$out/$1.png"
}
at() { xdotool mousemove "$1" "$2"; sleep 0.3; }
click() { at "$1" "$2"; xdotool click 1; sleep 0.7; }
key() { xdotool key "$1"; sleep 0.7; }
# open SETTINGS [GRAPH]: starts the editor and waits until it has drawn.
open() {
    echo "$1" >"$settings"
    shift
    rm -f "$work/trace"
    "$program" edit "$@" --trace "$work/trace" >/dev/null 2>&1 &
    editor=$!
    until grep -q '"name":"frame"' "$work/trace" 2>/dev/null; do sleep 0.1; done
    sleep 4
    xdotool search --name Throughline windowfocus
}
close() {
    kill $editor
    wait $editor 2>/dev/null || true
}

cd "$work/film"
open '{"toured": true, "live": false}'
look start
close

open '{"toured": true, "live": false}' lighthouse.ron
at 400 420
sleep 4
look editor
click 98 521
look run
click 248 521
look models
click 36 521
key alt+2
sleep 2
look review
key alt+3
sleep 2
click 640 140
look shots
key alt+1
click 482 100
key f
at 400 480
look node
at 300 300
key Tab
xdotool type --delay 40 "colo"
look palette
key Escape
key ctrl+comma
look settings
key Escape
key shift+question
look keys
close

open '{"toured": true, "live": false, "light": true}' lighthouse.ron
at 400 420
sleep 4
look light
