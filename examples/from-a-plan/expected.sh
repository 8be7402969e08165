# In the worktree of the session: the same as for agents that ask and plan.
. "$(dirname "$0")/../hello-agent/expected.sh"
