import { type GitOptions, gitSaysYes, runGit } from '../../../core/project/git/git.ts';
import { configuredPushRemote, defaultRemote, remotesOf } from '../../../core/project/git/remotes.ts';
import { commitOf } from '../../../core/project/git/repository.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';

const LIMIT_MS = 60_000;

/**
 * Why the branch of a session is not safe without the pool. It must be on the remote to which the project pushes: on
 * the pool's own remote, only the refs of the session keep it. A session without a branch has nothing to push.
 */
export async function whyNotPushed(
  { state }: Pick<SessionView, 'state'>,
  git: GitOptions,
): Promise<string | undefined> {
  const branch = state.worktree?.branch;
  if (branch === undefined) return undefined;
  const ref = `refs/heads/${branch}`;
  const remotes = await remotesOf(git);
  const remote = (await configuredPushRemote(branch, remotes, git)) ?? defaultRemote(remotes);
  if (remote === undefined)
    return `Its branch ${branch} is on no remote of the project. Archive the session to remove it.`;
  const ask = ['ls-remote', '--heads', '--upload-pack=git-upload-pack', '--', remote.pushUrl, ref];
  const asked = await runGit(ask, { ...git, timeoutMs: LIMIT_MS, allowFailure: true });
  if (asked.exitCode !== 0)
    return `The remote of the project does not show whether it has the branch ${branch}.`;
  const [there = ''] = asked.stdout.split('\t');
  const head = await commitOf(ref, git);
  const has = head !== undefined && (there === head || (there !== '' && (await includes(there, head, git))));
  return has
    ? undefined
    : `The remote of the project does not have its branch ${branch} as it is here: push it, or archive the session.`;
}

async function includes(commit: string, ancestor: string, git: GitOptions): Promise<boolean> {
  return await gitSaysYes(['merge-base', '--is-ancestor', ancestor, commit], git);
}
