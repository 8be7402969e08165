#!/bin/sh
# A library of units that has grown to one file of about 800 lines, and its suite.
set -eu
exec node "$(dirname "$0")/make.mjs" "$1"
