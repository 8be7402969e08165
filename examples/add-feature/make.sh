#!/bin/sh
# A small Express application with a lock file; SETUP installs what it names, in the worktree of the session.
set -eu
cp -R "$(dirname "$0")/repo/." "$1"
