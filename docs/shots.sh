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
echo '{"toured": true, "live": false}' >"$work/config/throughline/editor.json"
cp -r "$graphs"/lighthouse.* "$graphs"/refs "$work/film/"
(cd "$work/film" && "$program" run lighthouse.ron)

export DISPLAY=:97 HOME="$work" XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data"
export LIBGL_ALWAYS_SOFTWARE=1 THROUGHLINE_OWN_DIALOGS=1 THROUGHLINE_KEYRING=off
unset WAYLAND_DISPLAY || true
Xvfb $DISPLAY -screen 0 1280x720x24 -nolisten tcp >/dev/null 2>&1 &
screen=$!
sleep 1

look() {
    sleep 1.5
    import -window root -colors 128 "$out/$1.png"
}
at() { xdotool mousemove "$1" "$2"; sleep 0.3; }
key() { xdotool key "$1"; sleep 0.7; }

cd "$work/film"
"$program" edit >/dev/null 2>&1 &
editor=$!
sleep 3
xdotool search --name Throughline windowfocus
look start
kill $editor
wait $editor 2>/dev/null || true
"$program" edit lighthouse.ron >/dev/null 2>&1 &
editor=$!
sleep 5
xdotool search --name lighthouse windowfocus
at 600 380
look editor
at 640 100
xdotool click 1
sleep 0.6
key f
at 600 380
look node
at 300 120
key Tab
xdotool type --delay 40 "colo"
look palette
key Escape
at 600 380
key shift+question
look keys
