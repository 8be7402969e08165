import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { GitHubStub } from '../../../support/github-stub/github-stub.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';

/** Runs git with gh's login, which git itself does not have. @throws if git fails */
export async function gitWithLogin(
  args: readonly string[],
  at: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<string> {
  const own = ['-c', 'credential.helper=!gh auth git-credential', ...args];
  const { exitCode, stdout, stderr } = await runCommand('git', own, at);
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** Makes `fleet/boats` of the stub the origin of a repository; a login shell has the person's login there. */
export async function putOnHub(hub: GitHubStub, { path: cwd, homeDir }: TempRepo): Promise<void> {
  const exports = Object.entries(hub.env).map(([name, value]) => `export ${name}='${value}'\n`);
  for (const name of ['.profile', '.bash_profile']) await writeFile(join(homeDir, name), exports.join(''));
  const at = { cwd, env: { PATH: process.env.PATH ?? '', HOME: homeDir, ...hub.env } };
  await gitWithLogin(['remote', 'add', 'origin', 'https://github.com/fleet/boats.git'], at);
  await gitWithLogin(['push', '--quiet', 'origin', 'main'], at);
}
