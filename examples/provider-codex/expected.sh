# In the worktree of the session: the same as for any other agent CLI.
. "$(dirname "$0")/../hello-agent/expected.sh"
