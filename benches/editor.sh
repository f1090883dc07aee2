#!/bin/sh
# Measures the editor from outside, on a screen of its own: start to the first frame with the sample graph in it,
# typing in a prompt to the changed preview, CPU and frames while nothing happens, and the longest frame with its place.
# usage: benches/editor.sh PROGRAM      needs Xvfb, xdotool and awk
set -eu
program=$(realpath "$1")
graphs=$(realpath "$(dirname "$0")/../graphs")
work=$(mktemp -d)
screen= editor=
trap 'kill $editor $screen 2>/dev/null || true; rm -rf "$work"' EXIT

mkdir -p "$work/config/throughline" "$work/film"
echo '{"toured": true}' >"$work/config/throughline/editor.json"
cp -r "$graphs"/lighthouse.* "$graphs"/refs "$work/film/"
cat >"$work/film/type.ron" <<'GRAPH'
(
    throughline: 1,
    settings: (size: (640, 360), fps: (24, 1)),
    nodes: {
        "text": (kind: "prompt.text", version: 1, params: { "text": "A lighthouse" }),
        "image": (kind: "model.image", version: 1, params: {}),
    },
    links: {
        "image.prompt": "text.text",
    },
    layout: {
        "text": (at: (0, 0)),
        "image": (at: (260, 0)),
    },
)
GRAPH
(cd "$work/film" && "$program" run lighthouse.ron >/dev/null)

export HOME="$work" XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data"
export LIBGL_ALWAYS_SOFTWARE=1 THROUGHLINE_OWN_DIALOGS=1 THROUGHLINE_KEYRING=off
unset WAYLAND_DISPLAY || true
Xvfb -displayfd 3 -screen 0 1280x720x24 -nolisten tcp >/dev/null 2>&1 3>"$work/display" &
screen=$!
while [ ! -s "$work/display" ]; do sleep 0.1; done
DISPLAY=:$(cat "$work/display")
export DISPLAY
cd "$work/film"

# open GRAPH TRACE: starts the editor and waits until the graph can be used.
open() {
    "$program" edit "$1" --trace "$2" >/dev/null 2>&1 &
    editor=$!
    for _ in $(seq 200); do
        grep -q '"usable"' "$2" 2>/dev/null && return 0
        sleep 0.1
    done
    echo "the graph was not there after 20 s" >&2
    exit 1
}
close() {
    kill $editor
    wait $editor 2>/dev/null || true
}
# at NAME TRACE: when a mark was first made, in milliseconds from the start.
at() { sed -n "s/.*\"name\":\"$1\".*\"ts\":\([0-9]*\).*/\1/p" "$2" | awk 'NR == 1 { printf "%.0f", $1 / 1000 }'; }

open lighthouse.ron "$work/first" && close
for n in 1 2 3; do
    open lighthouse.ron "$work/start$n"
    [ $n = 3 ] || close
done
echo "start to first usable frame, sample graph open, warm:"
for n in 1 2 3; do
    echo "  window $(at window "$work/start$n") ms, document $(at document "$work/start$n") ms, usable $(at usable "$work/start$n") ms"
done

# Nothing happens: two seconds to settle, then ten to look.
sleep 8
ticks() { awk '{ print $14 + $15 }' "/proc/$editor/stat"; }
frames() { grep -c '"name":"frame"' "$work/start3" || true; }
ticks0=$(ticks) frames0=$(frames)
sleep 10
echo "idle for 10 s: $(($(frames) - frames0)) frames, $(awk -v t=$(($(ticks) - ticks0)) -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.1f", t / hz * 10 }') % of a CPU"
awk -F'"dur":' '/"name":"frame"/ { split($2, dur, /[,}]/); if (most < dur[1] + 0) { most = dur[1] + 0; line = $0 } }
    END { match(line, /"cat":"[^"]*"/); printf "longest frame: %.1f ms, in %s\n", most / 1000, substr(line, RSTART + 7, RLENGTH - 8) }' "$work/start3"
close

# A letter typed into a prompt, until the picture that it changes is on the screen.
open type.ron "$work/type"
sleep 6
xdotool search --name type windowfocus
sleep 0.5
at_point() { xdotool mousemove "$1" "$2" click 1; sleep 1; }
at_point 498 153
xdotool key ctrl+1
sleep 1
at_point 232 153
at_point 1040 594
xdotool key End
for letter in s i n k s; do
    xdotool type "$letter"
    sleep 2
done
echo "typing in a prompt to the changed picture of a free node:"
awk -F'"ts":' '/"edit"/ { edit = $2 + 0; waits = 1 }
    /"picture"/ && waits { printf "  %.0f ms\n", ($2 - edit) / 1000; waits = 0 }' "$work/type"
