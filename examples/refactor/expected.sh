# In the worktree of the session.
node --test >/dev/null
# The suite is the one from before, and no module is long.
git diff --quiet main...HEAD -- test
test "$(ls units | wc -l)" -eq 10
for file in units.mjs units/*.mjs; do test "$(wc -l <"$file")" -le 120; done
wc -l units.mjs units/*.mjs
git log --oneline main..HEAD
