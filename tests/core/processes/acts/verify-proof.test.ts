import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  openProof,
  type Verification,
  verifyProof,
} from '../../../../src/core/acts/proof/verify-proof.act.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { isRunning } from '../../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { makeProof } from '../../../../src/core/session/proof/make-proof.ts';
import { proofText, readProof, type SessionProof } from '../../../../src/core/session/proof/proof.ts';
import { proofMarkdown, renderProof } from '../../../../src/core/session/proof/proof-markdown.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeProject } from '../../../support/project.ts';
import { checkRun, provedEvents } from '../../../support/proved-events.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';
import { IDENTITY } from '../../../support/temp-repo.ts';

const CHECK = 'test -e work.txt && ! test -e left.txt';

/** A branch with its proof, and another person's clone of the repository. */
async function proved({
  check = CHECK,
  clone = {},
}: {
  check?: string;
  clone?: Partial<SessionProof['clone']>;
} = {}) {
  const programs = await builtPrograms();
  const { repo, context } = await makeProject({ bare: true, acting: { programs } });
  await repo.git(['checkout', '-q', '-b', 'samocode/x']);
  await repo.commit('Work', { 'work.txt': 'done\n' });
  const [commit = '', tree = '', base = ''] = (
    await repo.git(['rev-parse', 'HEAD', 'HEAD^{tree}', 'main'])
  ).split('\n');
  await repo.git(['checkout', '-q', 'main']);
  const elsewhere = join(repo.root, 'elsewhere');
  await repo.git(['clone', '-q', repo.path, elsewhere], repo.root);
  const events = provedEvents({ proved: { commit, tree, base }, runs: [checkRun({ command: check })] });
  const made = makeProof(events) ?? expect.fail('no proof');
  const proof: SessionProof = { ...made, clone: { ...made.clone, ...clone } };
  const file = join(repo.root, 'proof.json');
  async function verify(text: string, cwd = elsewhere): Promise<Verification> {
    await writeFile(file, text);
    const here = { ...context, cwd };
    return await verifyProof(await openProof({ of: file }, here), here, {
      signal: new AbortController().signal,
    });
  }
  return { repo, elsewhere, proof, verify, [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose]() };
}

const saysNo = (what: string, more: object = {}) => ({
  verified: false,
  differences: [expect.objectContaining({ what, ...more })],
});

test.each([
  ['proof.json', proofText],
  ['proof.md', proofMarkdown],
])(
  'the results in %s are reproduced in a fresh clone of the repository, which is not changed',
  ci,
  async (_, textOf) => {
    await using scene = await proved();
    const { proof, verify, elsewhere, repo } = scene;
    await writeFile(join(elsewhere, 'left.txt'), 'not committed\n');
    const found = await verify(textOf(proof));
    expect(found).toMatchObject({ verified: true, differences: [], commit: proof.commit });
    expect(found.checks).toMatchObject([{ command: CHECK, expected: 0, found: 0 }]);
    expect((await readdir(elsewhere)).sort()).toEqual(['.git', 'README.md', 'left.txt']);
    expect(await repo.git(['branch', '--list'], elsewhere)).toBe('* main');
  },
);

test('a proof is repeated without the files in HOME, except those named by CHECK_HOME', async () => {
  const check = 'cat ~/named && test ! -e ~/other && test ! -e ~/../named';
  await using scene = await proved({ check, clone: { home: ['named', '../elsewhere'] } });
  for (const name of ['named', 'other']) await writeFile(join(scene.repo.homeDir, name), '');
  expect((await scene.verify(proofText(scene.proof))).verified).toBe(true);
  const { home: _, ...clone } = scene.proof.clone;
  expect((await scene.verify(proofText({ ...scene.proof, clone }))).verified).toBe(false);
});

test('a proof does not apply to a branch with later commits', async () => {
  await using scene = await proved();
  const { proof, verify, elsewhere, repo } = scene;
  await repo.git(['checkout', '-q', 'samocode/x'], elsewhere);
  await repo.git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'More'], elsewhere);
  expect((await verify(proofText(proof))).verified).toBe(true);
  await repo.git(['update-ref', '-d', 'refs/remotes/origin/samocode/x'], elsewhere);
  expect(await verify(proofText(proof))).toMatchObject(saysNo('older_commit', { expected: proof.commit }));
});

test('a check that ends differently is named with its output', async () => {
  await using scene = await proved({ check: 'cat only-there' });
  const no = saysNo('exit_status', { about: 'cat only-there', expected: '0', found: '1' });
  const found = await scene.verify(proofText(scene.proof));
  expect(found).toMatchObject(no);
  expect(found.differences[0]?.lastLines).toContain('only-there: No such file');
});

test('SETUP runs in the clone, even if the proof used cached results of it', async () => {
  const setup = 'cp README.md made';
  await using scene = await proved({ check: 'test -e made', clone: { setup } });
  expect((await scene.verify(proofText(scene.proof))).verified).toBe(true);
  const broken = { ...scene.proof, clone: { ...scene.proof.clone, setup: 'exit 7' } };
  const { differences } = await scene.verify(proofText(broken));
  expect(differences.map(({ about, found }) => `${about}: ${found}`)).toEqual([
    'exit 7: 7',
    'test -e made: it did not run',
  ]);
});

test.each<[string, (proof: SessionProof) => Partial<SessionProof>, string]>([
  [
    'exit status',
    ({ checks: set }) => ({ checks: set && { ...set, runs: [checkRun({ command: CHECK, exitCode: 1 })] } }),
    'exit_status',
  ],
  ['tree', () => ({ tree: '4'.repeat(40) }), 'tree'],
  ['commit', ({ baseCommit }) => ({ commit: baseCommit }), 'older_commit'],
  ['commit that does not exist', () => ({ commit: '5'.repeat(40) }), 'commit'],
  ['branch', () => ({ branch: 'samocode/other' }), 'branch'],
  ['base', () => ({ baseCommit: '6'.repeat(40) }), 'base'],
])('a changed %s is found even if the fingerprint of the file was recomputed', async (_, change, what) => {
  await using scene = await proved();
  const { differences, verified } = await scene.verify(proofText({ ...scene.proof, ...change(scene.proof) }));
  expect(verified).toBe(false);
  expect(differences.map((each) => each.what)).toContain(what);
});

test('a text without the data of a proof holds none, and is not called changed', async () => {
  await using scene = await proved();
  for (const text of ['', 'x\n', renderProof(scene.proof, 'full'), JSON.stringify({ proof: scene.proof })])
    await expect(scene.verify(text)).rejects.toThrow('holds no proof');
});

test('data with one changed byte is not a proof, and none of its commands runs', async () => {
  await using scene = await proved({ check: 'touch "$HOME/ran"' });
  const data = proofText(scene.proof);
  const change = fc.record({
    isMarkdown: fc.boolean(),
    at: fc.nat(data.length - 1),
    byte: fc.integer({ min: 33, max: 126 }),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ isMarkdown, at, byte }) => {
      const other = Buffer.from(data);
      fc.pre(other[at] !== byte);
      other[at] = byte;
      const text = isMarkdown
        ? proofMarkdown(scene.proof).replace(data, () => other.toString())
        : other.toString();
      const found = scene.verify(text).catch((error) => error);
      expect(await found).toEqual(
        expect.objectContaining(
          readProof(text).kind === 'none' ? { code: 'holds_no_proof' } : { ...saysNo('proof'), checks: [] },
        ),
      );
    }),
    { numRuns: 20 },
  );
  expect(existsSync(join(scene.repo.homeDir, 'ran'))).toBe(false);
});

/** A machine whose kernel provides no namespaces. */
async function unguardedPath({ root, env }: TempRepo): Promise<string> {
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'bin/bwrap'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  return `${join(root, 'bin')}:${env.PATH}`;
}

test('what a proof file would run, read and copy is shown before anything runs', async () => {
  await using scene = await proved({
    check: `true${' '.repeat(90)}; touch ran`,
    clone: { home: ['.m2'], copy: ['.env'] },
  });
  const { repo, elsewhere, proof } = scene;
  await writeFile(join(repo.root, 'proof.json'), proofText(proof));
  const args = [(await builtPrograms()).cli, 'verify', join(repo.root, 'proof.json')];
  const { stderr } = await runCommand(process.execPath, args, { cwd: elsewhere, env: repo.env });
  expect(stderr).toContain('true [90 blanks] ; touch ran');
  expect(stderr).toContain('reads from your home folder: .m2');
  expect(stderr).toContain('copies of ignored files of the main checkout: .env');
});

test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  'a verification that is ended by %s leaves no process and no clone',
  async (signal) => {
    const check = 'setsid sleep 600 & touch "$OUTSIDE/begun"; sleep 600';
    await using scene = await proved({ check });
    const { repo, elsewhere, proof } = scene;
    await writeFile(join(repo.root, 'proof.json'), proofText(proof));
    const env = { ...repo.env, PATH: await unguardedPath(repo) };
    const args = [(await builtPrograms()).cli, 'verify', join(repo.root, 'proof.json'), '--yes'];
    const verify = spawn(process.execPath, args, { cwd: elsewhere, env, stdio: 'ignore' });
    await eventually(async () => existsSync(join(repo.root, 'begun')), { what: 'a check that runs' });
    const { processes } = await systemHost();
    const ofCheck = async () => {
      const all = (await processes.list()).filter(isRunning);
      const roots = await Promise.all(all.map(({ pid }) => processes.environmentOf(pid, 'OUTSIDE')));
      return all.filter((_, at) => roots[at] === repo.root);
    };
    expect((await ofCheck()).length).toBeGreaterThan(2);
    verify.kill(signal);
    await eventually(async () => (await ofCheck()).length === 0, {
      what: 'the end of all its processes',
    });
    const { stdout } = await runCommand('find', [repo.root, '-name', 'checks-*']);
    expect(stdout).toBe('');
  },
);
