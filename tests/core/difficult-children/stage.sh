#!/bin/sh
# Makes what a difficult child needs: a git repository with a worktree, a session folder and a prompt.
#   ./stage.sh <empty folder> [phase] [number of the child]
# Then, or in your own loop:  cd <folder>/work && REHEARSAL_SCENARIO=…/forker.json samocode-rehearsal -p <../prompt.md
set -eu
mkdir -p "$1"
root=$(cd "$1" && pwd)
session=$root/session
mkdir -p "$session/_logs"
if [ ! -d "$root/repo" ]; then
  git init --quiet --initial-branch=main "$root/repo"
  cd "$root/repo"
  git config user.name Stage
  git config user.email stage@samocode.invalid
  echo 'A repository to work on.' >README.md
  git add --all
  git commit --quiet --message 'Start'
  git worktree add --quiet -b work "$root/work"
  printf '# Session: stage\n\n## Task\nSay what is here.\n' >"$session/_overview.md"
fi
# What the agent signalled is in this file when it has ended; it is blanked before each agent.
echo '{}' >"$session/_signal.json"
cat >"$root/prompt.md" <<PROMPT
**Session path:** $session
**Working directory:** $root/work
**Phase:** ${2:-investigation}
**Iteration:** ${3:-1}
PROMPT
echo "$root/prompt.md"
