# In the worktree of the session.
test "$(node hello.mjs)" = 'Hello, world!'
test "$(node hello.mjs Ada)" = 'Hello, Ada!'
node --test >/dev/null
test "$(git diff --name-only main...HEAD)" = "$(printf 'hello.mjs\nhello.test.mjs')"
git log --oneline main..HEAD
