import { join } from 'node:path';
import { safeGitAt } from '../../../core/caller/context/session-branch.ts';
import { runGit } from '../../../core/project/git/git.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import { resolveBase } from '../../../core/project/worktrees/base-commit.ts';
import { runRoot } from '../../../core/session/layout/paths.ts';
import { NETWORK_LIMIT_MS } from '../forge/gh.ts';
import { gitHubAccess } from '../forge/github-access.ts';

export interface ClaimTarget {
  /** `host/owner/name` of the repository that gets the branches. */
  claims: string;
  mainRepo: string;
  sessionsDir: string;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

/** The branch that claims an issue: the same on every machine, whatever its BRANCH_PREFIX. */
export function claimBranch(issue: number): string {
  return `samocode/issue-${issue}`;
}

/**
 * Claims an issue by pushing its branch at the base commit, unless the forge already has the branch.
 * @returns the base commit; undefined if the branch exists @throws GitError
 */
export async function claimIssue(issue: number, target: ClaimTarget): Promise<string | undefined> {
  const git = await gitOf(target);
  const { commit, warning } = await resolveBase({ mainRepo: target.mainRepo, ...git });
  // With a warning, the base is stale or local, and might not be published.
  if (warning !== undefined) throw new Error(warning);
  const ref = `refs/heads/${claimBranch(issue)}`;
  const pushed = await push([`--force-with-lease=${ref}:`], `${commit}:${ref}`, target, git);
  // git succeeds even if the branch already exists at this commit, but then another machine has claimed the issue.
  if (/^\*\t/m.test(pushed.stdout)) return commit;
  if (/^[=!]\t/m.test(pushed.stdout)) return undefined;
  throw new Error(`git could not push ${ref} to ${target.claims}`);
}

/**
 * Deletes the branch of a claim if it is still at the base commit.
 * @returns false if the forge did not respond
 */
export async function releaseClaim(issue: number, commit: string, target: ClaimTarget): Promise<boolean> {
  const ref = `refs/heads/${claimBranch(issue)}`;
  const pushed = await push([`--force-with-lease=${ref}:${commit}`], `:${ref}`, target, await gitOf(target));
  return pushed.exitCode === 0 || /^!\t/m.test(pushed.stdout);
}

async function push(lease: string[], refs: string, { claims, mainRepo }: ClaimTarget, git: GitContext) {
  const { url } = gitHubAccess(claims);
  const args = ['push', '--porcelain', '--receive-pack=git-receive-pack', ...lease, '--', url, refs];
  const limits = { allowFailure: true, timeoutMs: NETWORK_LIMIT_MS };
  return await runGit(args, { ...git, cwd: mainRepo, ...limits });
}

/** Uses gh's login only, and starts no program that the repository's settings name. */
async function gitOf({ claims, mainRepo, sessionsDir, env, signal }: ClaimTarget): Promise<GitContext> {
  const git = await safeGitAt({ mainRepo, accepted: join(runRoot(sessionsDir), 'none') }, { env });
  return { ...git, signal, config: [...(git.config ?? []), ...gitHubAccess(claims).config] };
}
