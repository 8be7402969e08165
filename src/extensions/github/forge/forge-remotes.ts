import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import type { GitOptions } from '../../../core/project/git/git.ts';
import { type Remote, remotesOf } from '../../../core/project/git/remotes.ts';
import { partsOf, repositoryIn } from './repository-name.ts';

/** The remotes. Their addresses name hosts, as gh reads them: no aliases of the person's ssh settings. */
export async function forgeRemotes(options: GitOptions): Promise<Remote[]> {
  const remotes: Remote[] = [];
  for (const remote of await remotesOf(options)) {
    const url = await withHost(remote.url, options);
    const isSame = remote.pushUrl === remote.url;
    remotes.push({ ...remote, url, pushUrl: isSame ? url : await withHost(remote.pushUrl, options) });
  }
  return remotes;
}

const LIMIT_MS = 5000;

async function withHost(url: string, { baseEnv }: GitOptions): Promise<string> {
  const repository = repositoryIn(url);
  const { host, owner, name } = partsOf(repository ?? '');
  if (repository === undefined || host === 'github.com' || /^(?:https?|git):/.test(url)) return url;
  const limits = { env: definedOnly(baseEnv), timeoutMs: LIMIT_MS };
  const { exitCode, stdout } = await runCommand('ssh', ['-G', '--', host], limits);
  const found = exitCode === 0 ? /^hostname (\S+)$/m.exec(stdout)?.[1] : undefined;
  // GitHub's host for networks that close the port of ssh.
  const real = found === 'ssh.github.com' ? 'github.com' : found;
  return real === undefined ? url : `ssh://git@${real}/${owner}/${name}`;
}
