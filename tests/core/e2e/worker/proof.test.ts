import { existsSync } from 'node:fs';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { type CommandResult, runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { baseResultsDir } from '../../../../src/core/project/proving/base-results.ts';
import { proofText, readProof } from '../../../../src/core/session/proof/proof.ts';
import { withFoldedProof } from '../../../../src/core/session/proof/proof-markdown.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const HANG_FIRST = { when: { iteration: 1 }, do: [{ act: 'hang' }] };
const WORKS = [
  { act: 'edit', path: 'work.txt', text: 'done\n' },
  { act: 'commit', subject: 'Work' },
  { act: 'end', did: 'Closed it', signal: { status: 'done', summary: 'All is proved, says the agent.' } },
];

/** A finished session with one commit and a check that needs it. */
async function doneRig(lines: Readonly<Record<string, string>> = {}): Promise<SessionRig> {
  const rig = await startRig({
    here: true,
    phase: 'done',
    lines: { CHECK: 'cat work.txt README.md', ...lines },
    scenario: { rules: [HANG_FIRST, { when: { phase: 'done' }, do: WORKS }] },
    repo: { files: { 'README.md': '# A project\n', 'work.txt': '' } },
  });
  // The proof shows the checks of the base only if they have ended, which the worker records before it leaves.
  const results = baseResultsDir(rig.file.worktreesDir);
  await eventually(async () => {
    const entries = await readdir(results).catch(() => []);
    return entries.some((entry) => existsSync(join(results, entry, 'result.json')));
  });
  await rig.stop();
  await rig.resume();
  await rig.until(({ status }) => status.kind === 'done');
  return rig;
}

async function samocode({ repo, program }: SessionRig, ...args: string[]): Promise<CommandResult> {
  return await runCommand(process.execPath, [program('cli'), ...args], { cwd: repo.path, env: repo.env });
}

test.concurrent(
  'a finished session has its proof, and verify confirms it, in the session and in a fresh clone',
  ci,
  async () => {
    await using rig = await doneRig();
    const { proof: folder } = rig.paths;
    const reading = readProof(await readFile(join(folder, 'proof.json'), 'utf8'));
    const { branch } = rig.file.settings;
    const [commit, tree] = (await rig.repo.git(['rev-parse', branch, `${branch}^{tree}`])).split('\n');
    const output = 'done\n# A project\n';
    expect(reading).toMatchObject({
      proof: {
        ...{ branch, commit, tree, session: rig.file.folder },
        checks: {
          runs: [
            {
              command: 'cat work.txt README.md',
              exitCode: 0,
              outputHash: fingerprint(output),
              tail: output.trim(),
            },
          ],
        },
        baseChecks: { runs: [{ exitCode: 0 }] },
        agents: expect.arrayContaining([expect.objectContaining({ version: 'rehearsal 0.0.0-test' })]),
      },
    });
    expect(await readFile(join(folder, 'outputs/full-1.txt'), 'utf8')).toBe(output);
    const markdown = await readFile(join(folder, 'proof.md'), 'utf8');
    expect(markdown).not.toContain('says the agent');

    const shown = await samocode(rig, 'show', rig.file.folder, 'proof');
    expect(shown.stdout).toContain(`Commit \`${commit}\``);
    // A bare name is the session, even beside a file of that name.
    await writeFile(join(rig.repo.path, rig.file.folder), 'no proof\n');
    const yes = await samocode(rig, 'verify', rig.file.folder);
    expect(yes.stdout).toMatch(/✔ cat work\.txt README\.md: exit status 0.*\nyes: /);
    expect(yes.exitCode).toBe(0);

    const elsewhere = join(rig.repo.root, 'elsewhere');
    await rig.repo.git(['clone', '-q', rig.repo.path, elsewhere], rig.repo.root);
    const there = ['-C', elsewhere, '--json'];
    const asked = await samocode(rig, 'verify', join(folder, 'proof.md'), ...there);
    expect(asked.exitCode).toBe(1);
    expect(asked.stderr + asked.stdout).toContain('cat work.txt README.md');
    const again = await samocode(rig, 'verify', join(folder, 'proof.md'), '--yes', ...there);
    expect(JSON.parse(again.stdout)).toMatchObject({ verified: true, differences: [], commit });
    const printed = join(rig.repo.root, 'printed');
    await writeFile(printed, shown.stdout);
    const repeated = await samocode(rig, 'verify', printed, '--yes', ...there);
    expect(JSON.parse(repeated.stdout)).toMatchObject({ verified: true, commit });
    const none = await samocode(rig, 'verify', `./${rig.file.folder}`);
    expect(none.stderr).toContain(`${join(rig.repo.path, rig.file.folder)} holds no proof`);
  },
);

test.concurrent('verify of a session fails if its files or its branch differ from its events', async () => {
  await using rig = await doneRig();
  const { repo, file, paths } = rig;
  const json = join(paths.proof, 'proof.json');
  const text = await readFile(json, 'utf8');
  await writeFile(json, text.replace('"exitCode": 0', '"exitCode": 3'));
  const changed = await samocode(rig, 'verify', file.folder);
  expect([changed.exitCode, changed.stdout]).toEqual([
    1,
    expect.stringContaining('expected the text that samocode wrote, found other text'),
  ]);
  const reading = readProof(text);
  if (reading.kind !== 'proof') return expect.fail('no proof');
  // Somebody who changes a file can recompute its seal, but not the event log.
  const { baseChecks: _dropped, ...less } = reading.proof;
  const markdown = join(paths.proof, 'proof.md');
  await writeFile(json, proofText(less));
  await writeFile(markdown, withFoldedProof('Reviewed by all.', reading.proof));
  const sealed = await samocode(rig, 'verify', file.folder, '--json');
  expect(JSON.parse(sealed.stdout)).toMatchObject({
    verified: false,
    differences: [
      { about: json, expected: '"baseChecks" as recorded in the event log', found: 'nothing' },
      { about: markdown, found: 'other text' },
    ],
  });
  await writeFile(json, text);
  await rm(markdown);

  await repo.git(['branch', '-f', 'other', file.settings.branch]);
  await repo.git(['update-ref', `refs/heads/${file.settings.branch}`, 'main']);
  const moved = await samocode(rig, 'verify', file.folder, '--json');
  expect(JSON.parse(moved.stdout)).toMatchObject({ verified: false, differences: [{ what: 'commit' }] });
  expect(moved.exitCode).toBe(1);
});

test.concurrent('a proof is written whatever an agent has left at its path, and follows no link out of the session', async () => {
  await using rig = await startRig({
    here: true,
    phase: 'done',
    files: { 'outside.json': 'mine' },
    scenario: { rules: [{ when: { phase: 'done' }, do: WORKS }] },
    before: ({ repo, paths }) => symlink(repo.root, paths.proof),
  });
  await rig.until(({ status }) => status.kind === 'done');
  expect(existsSync(join(rig.repo.root, 'proof.json'))).toBe(false);
  expect(await readFile(join(rig.paths.proof, 'proof.md'), 'utf8')).toContain('the project has no CHECK');
  expect(await readFile(join(rig.repo.root, 'outside.json'), 'utf8')).toBe('mine');
});

test.concurrent('a proof that was not written before a crash is read and verified from the events', async () => {
  await using rig = await doneRig();
  await rm(rig.paths.proof, { recursive: true });
  expect((await samocode(rig, 'show', rig.file.folder, 'proof')).stdout).toContain('exit status 0');
  expect((await samocode(rig, 'verify', rig.file.folder)).exitCode).toBe(0);
});

test.concurrent('an unfinished session has no proof', async () => {
  await using rig = await startRig({ here: true, scenario: { rules: [HANG_FIRST] } });
  const none = await samocode(rig, 'verify', rig.file.folder);
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('has no proof yet')]);
});
