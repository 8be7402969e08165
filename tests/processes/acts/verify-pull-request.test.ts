import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPullRequest, verifyPullRequest } from '../../../src/acts/proof/verify-pull-request.act.ts';
import { type CommandResult, runCommand } from '../../../src/base/processes/run-command.ts';
import { makeProof } from '../../../src/session/proof/make-proof.ts';
import { type SessionProof, withFoldedProof } from '../../../src/session/proof/proof.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { makeProject } from '../../support/project.ts';
import { checkRun, provedEvents } from '../../support/proved-events.ts';

const CHECK = 'grep -q done work.txt';

interface Plan {
  lines?: Record<string, string>;
  work?: Record<string, string>;
  /** What gh does, instead of answering. */
  gh?: string;
  change?: Partial<SessionProof>;
  text?: string;
}

/** A project whose remote has a pull request of a fork, and a gh that answers for it. */
async function scene({ lines = { CHECK }, work = { 'work.txt': 'done\n' }, gh, change, text }: Plan = {}) {
  const programs = await builtPrograms();
  const project = await makeProject({ lines, acting: { programs } });
  const { repo, context } = project;
  const bin = join(repo.root, 'bin');
  const remote = join(repo.root, 'remote.git');
  const elsewhere = join(repo.root, 'elsewhere');
  const base = await repo.git(['rev-parse', 'main']);
  await repo.git(['clone', '-q', '--bare', repo.path, remote]);
  await repo.git(['clone', '-q', remote, elsewhere]);
  for (const [name, content] of Object.entries(work)) await writeFile(join(elsewhere, name), content);
  await repo.git(['add', '-A'], elsewhere);
  const author = ['-c', 'user.name=x', '-c', 'user.email=x@example.invalid'];
  await repo.git([...author, 'commit', '-q', '-m', 'Work'], elsewhere);
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
      `[ "$2" = repos/o/r/pulls/7 ] && [ "$4" = github.example ] && cat '${join(repo.root, 'answer.json')}'`,
    ssh: `exec git upload-pack '${remote}'`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const env = { ...repo.env, PATH: `${bin}:${repo.env.PATH}`, GIT_SSH: join(bin, 'ssh') };
  const here = { ...context, env };
  async function verify() {
    const opened = await openPullRequest({ number: 7 }, here);
    return await verifyPullRequest(opened, here, { signal: new AbortController().signal });
  }
  async function samocode(...args: string[]): Promise<CommandResult> {
    return await runCommand(process.execPath, [programs.cli, 'verify', ...args], { cwd: repo.path, env });
  }
  return { repo, head, verify, samocode, env, [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose]() };
}

test.concurrent('the proof of a pull request is repeated by the checks of the project, which keeps no trace of it', async () => {
  await using at = await scene();
  const refs = await at.repo.git(['for-each-ref']);
  expect(await at.verify()).toMatchObject({
    ...{ verified: true, result: 'repeated', commit: at.head, differences: [] },
    checks: [{ command: CHECK, expected: 0, found: 0 }],
  });
  expect(await at.repo.git(['for-each-ref'])).toBe(refs);
  expect(existsSync(join(at.repo.path, '.git/FETCH_HEAD'))).toBe(false);
});

test.concurrent.each<[string, Plan, object]>([
  ['a check that fails', { work: { 'work.txt': 'no\n' } }, { verified: false, result: 'differs' }],
  [
    'a .samocode of the pull request, which is not used',
    { work: { 'work.txt': 'no\n', '.samocode': 'CHECK=true\n' } },
    { verified: false, differences: [{ what: 'exit_status', about: CHECK }] },
  ],
  [
    'a text without a proof, which verifies nothing',
    { text: 'By hand.' },
    { verified: false, result: 'no_proof', differences: [] },
  ],
  [
    'a proof of another commit',
    { change: { commit: '5'.repeat(40) } },
    { verified: false, differences: [{ what: 'commit' }] },
  ],
  [
    'commands that the project does not have',
    { lines: { CHECK: 'test -e work.txt' } },
    { verified: true, result: 'partly', notRepeated: [{ command: CHECK, expected: 0 }] },
  ],
])('%s', async (_, plan, found) => {
  await using at = await scene(plan);
  expect(await at.verify()).toMatchObject(found);
});

test.concurrent.each<[string, Plan, string]>([
  ['no login', { gh: 'exit 4' }, 'gh is not logged in to github.example'],
  [
    'no such number',
    { gh: 'echo "gh: Not Found (HTTP 404)" >&2; exit 1' },
    'has no pull request with this number',
  ],
  ['no network', { gh: 'echo "error connecting to api.github.com" >&2; exit 1' }, 'gh got no answer'],
  ['an answer that is none', { gh: 'echo "{}"' }, 'gh got no answer'],
  ['no CHECK', { lines: {} }, 'has no CHECK'],
])('%s is said, with what to do', async (_, plan, why) => {
  await using at = await scene(plan);
  await expect(at.verify()).rejects.toMatchObject({
    why: expect.stringContaining(why),
    hint: expect.stringMatching(/./),
  });
});

test.concurrent('lines of .samocode that no person has trusted run nothing', async () => {
  await using at = await scene();
  await writeFile(
    join(at.repo.path, '.samocode'),
    'MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\nCHECK=touch "$OUTSIDE/ran"\n',
  );
  await mkdir(join(at.repo.path, 'w'));
  await mkdir(join(at.repo.path, 's'));
  await expect(at.verify()).rejects.toMatchObject({ code: 'project_not_trusted' });
});

test.concurrent('without a guard the code of a pull request runs after a yes alone', async () => {
  await using at = await scene();
  const asked = await at.samocode('--pull-request', '7');
  expect(asked.exitCode).toBe(1);
  expect(asked.stderr).toContain('you have not agreed to run the code of pull request 7');
  const { exitCode, stdout } = await at.samocode('--pull-request', '7', '--yes');
  expect(stdout).toMatch(
    /✔ grep -q done work\.txt: exit status 0 .*\nyes: [0-9a-f]{12} is as the proof says/,
  );
  expect(exitCode).toBe(0);
  for (const args of [[], ['x', '--pull-request', '7']])
    expect((await at.samocode(...args)).exitCode).toBe(2);
});
