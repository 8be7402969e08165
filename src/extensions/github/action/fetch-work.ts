import { join } from 'node:path';
import { CHECKOUT_LIMIT_MS, runGit } from '../../../core/project/git/git.ts';
import type { Setting } from '../../../core/project/git/git-programs.ts';
import { makeRepository } from '../../../core/project/git/own-repository.ts';
import { removeTree } from '../../../core/project/git/remove-tree.ts';
import { readEvent } from './read-event.ts';
import type { Runner } from './runner.ts';

/** The prefix of the refs of base and default branch in the fetched repository. */
export const BASE_REF = 'refs/remotes/origin/';

/** The fetched repository, in a folder that the runner empties after each job. */
export function repositoryFolder({ env }: Pick<Runner, 'env'>): string {
  return join(env.RUNNER_TEMP ?? '/tmp', 'samocode-proof', 'repository');
}

/**
 * Fetches the commits of the event, with history and tags. Only this step uses the token: it runs no code of the pull
 * request, and it writes the token to no file.
 */
export async function fetchWork(runner: Runner): Promise<void> {
  const { head, baseBranch, defaultBranch } = readEvent(runner);
  const { env, signal } = runner;
  const server = env.GITHUB_SERVER_URL ?? 'https://github.com';
  const url = `${server}/${env.GITHUB_REPOSITORY}`;
  const dir = repositoryFolder(runner);
  await removeTree(dir);
  const context = { baseEnv: env, signal };
  await makeRepository(dir, { commit: head, branch: 'samocode-proof' }, context);
  const login = Buffer.from(`x-access-token:${env.SAMOCODE_TOKEN}`).toString('base64');
  const config: Setting[] = [
    [`http.${server}/.extraheader`, `AUTHORIZATION: basic ${login}`],
    // Only version 2 serves arbitrary commits.
    ['protocol.version', '2'],
  ];
  const branches = new Set([baseBranch, defaultBranch]);
  const refs = [head, ...[...branches].map((branch) => `+refs/heads/${branch}:${BASE_REF}${branch}`)];
  const fetch = ['fetch', '--quiet', '--tags', '--no-write-fetch-head', '--', url, ...refs];
  await runGit(fetch, { ...context, config, cwd: dir, timeoutMs: CHECKOUT_LIMIT_MS });
  await runGit(['config', 'remote.origin.url', url], { ...context, cwd: dir });
}
