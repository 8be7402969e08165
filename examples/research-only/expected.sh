# In the worktree of the session: no commit and no change; the outcome is in the documents of the session.
test -z "$(git status --porcelain)"
test "$(git rev-parse HEAD)" = "$(git rev-parse main)"
ls "$SESSION" | grep -- '-dive-'
ls "$SESSION" | grep -- '-comparison-'
# The measurement is in the comparison, as the script of the repository prints it.
grep -qF "$(node measure.mjs 1000)" "$SESSION"/*-comparison-*.md
grep -A 1 '^## Recommendation' "$SESSION"/*-comparison-*.md
