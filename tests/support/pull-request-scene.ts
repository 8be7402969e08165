import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { verifyProof } from '../../src/core/acts/proof/verify-proof.act.ts';
import { type CommandResult, runCommand } from '../../src/core/kernel/processes/run-command.ts';
import type { Sandbox } from '../../src/core/kernel/sandbox-level.ts';
import { makeProof } from '../../src/core/session/proof/make-proof.ts';
import type { SessionProof } from '../../src/core/session/proof/proof.ts';
import { withFoldedProof } from '../../src/core/session/proof/proof-markdown.ts';
import { openPullRequest } from '../../src/extensions/github/feedback/open-pull-request.ts';
import { builtPrograms } from './built-programs.ts';
import { makeProject } from './project.ts';
import { checkRun, provedEvents } from './proved-events.ts';
import { IDENTITY } from './temp-repo.ts';

export const CHECK = 'grep -q done work.txt';

export interface PullRequestPlan {
  sandbox?: Sandbox;
  lines?: Record<string, string>;
  work?: Record<string, string>;
  /** What gh does, instead of answering. */
  gh?: string;
  change?: Partial<SessionProof>;
  text?: string;
}

/** A project whose remote has a pull request of a fork, and a gh that answers for it. */
export async function pullRequestScene({
  sandbox = 'off',
  lines = { CHECK },
  work = { 'work.txt': 'done\n' },
  gh,
  change,
  text,
}: PullRequestPlan = {}) {
  const programs = await builtPrograms();
  const project = await makeProject({ lines, sandbox, acting: { programs } });
  const { repo, context } = project;
  const bin = join(repo.root, 'bin');
  const remote = join(repo.root, 'remote.git');
  const elsewhere = join(repo.root, 'elsewhere');
  const base = await repo.git(['rev-parse', 'main']);
  await repo.git(['clone', '-q', '--bare', repo.path, remote]);
  await repo.git(['clone', '-q', remote, elsewhere]);
  for (const [name, content] of Object.entries(work)) await writeFile(join(elsewhere, name), content);
  await repo.git(['add', '-A'], elsewhere);
  await repo.git([...IDENTITY, 'commit', '-q', '-m', 'Work'], elsewhere);
  const [head = '', tree = ''] = (await repo.git(['rev-parse', 'HEAD', 'HEAD^{tree}'], elsewhere)).split(
    '\n',
  );
  await repo.git(['push', '-q', remote, 'HEAD:refs/pull/7/head'], elsewhere);
  await repo.git(['remote', 'add', 'origin', 'git@github.example:o/r.git']);
  const runs = [checkRun({ command: CHECK })];
  const proof =
    makeProof(provedEvents({ proved: { commit: head, tree, base }, runs })) ?? expect.fail('no proof');
  const body = text ?? withFoldedProof('By samocode.', { ...proof, ...change });
  await mkdir(bin);
  await writeFile(
    join(repo.root, 'answer.json'),
    JSON.stringify({ head: { sha: head }, base: { sha: base }, body }),
  );
  const scripts = {
    gh:
      gh ??
      `[ "$2" = repos/o/r/pulls/7 ] && [ "$4" = github.example ] && printf 'HTTP/2.0 200 OK\\n\\n' && cat '${join(repo.root, 'answer.json')}'`,
    ssh: `exec git upload-pack '${remote}'`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const env = { ...repo.env, PATH: `${bin}:${repo.env.PATH}`, GIT_SSH: join(bin, 'ssh') };
  const here = { ...context, env };
  async function verify() {
    const opened = await openPullRequest({ number: 7 }, here);
    return await verifyProof(opened, here, { signal: new AbortController().signal });
  }
  async function samocode(...args: string[]): Promise<CommandResult> {
    return await runCommand(process.execPath, [programs.cli, 'verify', ...args], { cwd: repo.path, env });
  }
  return { repo, head, verify, samocode, env, [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose]() };
}
