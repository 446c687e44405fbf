# SPDX-License-Identifier: GPL-3.0-or-later
# For the commands of this folder: a table of what holds and what does not, then one figure.
#
#   row "what" "measured" [true|false]    a line of the table; "false" breaks the promise
#   finish NAME                           prints "NAME: N of M hold", exits 0 only where all do
#   skip WHY                              the promise cannot be tried here (exit 77, as meson wants)

show_rows=0
show_broken=0

row() {
    show_rows=$((show_rows + 1))
    show_mark="holds"
    if [ "${3-true}" != true ]; then
        show_mark="BROKEN"
        show_broken=$((show_broken + 1))
    fi
    printf '%-44s  %-28s  %s\n' "$1" "$2" "$show_mark"
}

finish() {
    echo
    echo "$1: $((show_rows - show_broken)) of $show_rows hold"
    [ "$show_rows" -gt 0 ] && [ "$show_broken" -eq 0 ] && exit 0
    exit 1
}

skip() {
    echo "skipped: $1"
    exit 77
}
