#!/bin/sh
# Plays one example: makes its repository, hands the task to samocode, and compares the outcome with what is expected.
#   shared/run.sh <folder of the example> [empty folder to play in]
# PROVIDER=claude, or another agent CLI, works with your own login; without it the rehearsal plays the example's script, without a model.
set -eu
example=$(cd "$1" && pwd)
name=$(basename "$example")
root=${2:-$(mktemp -d "${TMPDIR:-/tmp}/samocode-$name.XXXXXX")}
provider=${PROVIDER:-rehearsal}
built=$(cd "$(dirname "$0")/../.." && pwd)/dist/samocode.js

samocode() {
  if [ -f "$built" ]; then node "$built" "$@"; else command samocode "$@"; fi
}
step() { printf '\n== %s\n' "$*"; }

if [ "$provider" = rehearsal ]; then
  # Those without a script play that of hello-agent, whose work they share. A sandbox opens this one file alone.
  script=$example/scenario.mjs
  [ -f "$script" ] || script=$(cd "$example/../hello-agent" && pwd)/scenario.mjs
  # Nothing of your home folder is read, and no process stays.
  mkdir -p "$root/home"
  export HOME="$root/home" SAMOCODE_SUPERVISOR=off REHEARSAL_SCENARIO="$script"
  export SAMOCODE_REHEARSAL_PACE_MS="${SAMOCODE_REHEARSAL_PACE_MS:-0}"
fi
# With a login and a terminal, the questions and the plan are yours. Unattended, suggestions and plan are accepted.
gates='--accept-suggestions --auto-approve'
if [ "$provider" != rehearsal ] && [ -t 0 ] && [ -z "${UNATTENDED:-}" ]; then gates=''; fi

step 'the repository'
repo=$root/$name
mkdir -p "$repo"
cd "$repo"
git init --quiet --initial-branch=main
git config user.name 'An Example'
git config user.email example@samocode.invalid
sh "$example/make.sh" "$repo"
git add --all
git commit --quiet --message 'Before samocode'
git ls-files

step 'samocode init'
# One setting a line, as in .samocode.
set --
while IFS= read -r line; do set -- "$@" --set "$line"; done <"$example/settings"
samocode init "$@" >/dev/null
cat .samocode

step "samocode run, provider $provider"
if [ -f "$example/plan.md" ]; then set -- --plan "$example/plan.md"
elif [ -f "$example/dive.md" ]; then set -- --dive "$(cat "$example/dive.md")"
else set -- --task "$(cat "$example/task.md")"; fi
# One agent, without questions and a plan: QUICK=1, for a task.
# shellcheck disable=SC2086 # two options, or none
samocode run "$@" ${QUICK:+--quick} --name "$name" --provider "$provider" $gates

step 'what is expected'
worktree=$(ls -td "$HOME/samocode/"*"/worktrees/"*"-$name" | head -n 1)
session=$(ls -td "$HOME/samocode/"*"/sessions/"*"-$name" | head -n 1)
(cd "$worktree" && SESSION=$session sh -e "$example/expected.sh")
samocode verify "$name"
printf '\nAs expected. Inspect %s, then delete it.\n' "$root"
