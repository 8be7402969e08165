import type { FinishVerdict } from '../../../core/acts/finish/publishing.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { quotedSaid, saidBy } from '../../../core/kernel/said.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { supervisorEnvironment } from '../../../core/sandbox/programs/launch-supervisor.ts';
import { environmentOfSessions } from '../../../core/sandbox/programs/login-shell.ts';
import { NETWORK_LIMIT_MS } from '../forge/gh.ts';
import { gitHubAccess } from '../forge/github-access.ts';

/**
 * Tests whether the supervisor will be able to push the branch of a watched pull request: with the environment of a login
 * shell and without prompts.
 * @param from the repository that has the branch, as `host/owner/name`
 * @returns a sentence for the person if it cannot; otherwise empty
 */
export async function whyNotUnattended(
  { view, git }: FinishVerdict,
  from: string,
  { env, home }: ActionContext,
): Promise<string> {
  const { sessionFile, state } = view;
  if (sessionFile === undefined || state.worktree === undefined) return '';
  const { url: to, config } = gitHubAccess(from);
  const ref = `refs/heads/${state.worktree.branch}`;
  const baseEnv = await environmentOfSessions(supervisorEnvironment(env, home), home);
  const { exitCode, stderr } = await runGit(['push', '--dry-run', '--quiet', '--', to, `${ref}:${ref}`], {
    ...git,
    cwd: sessionFile.mainRepo,
    baseEnv,
    config: [...(git.config ?? []), ...config],
    allowFailure: true,
    timeoutMs: NETWORK_LIMIT_MS,
  });
  if (exitCode === 0) return '';
  return ` However, the supervisor cannot push to ${to} unattended: the gh login of a login shell lacks permission, or git rewrites this address.${quotedSaid(saidBy(stderr, baseEnv), 'git')} The work of a round will then wait for you.`;
}
