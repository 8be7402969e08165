// @module-tag ci
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { assemblePrompt } from '../../../../src/core/worker/prompt/assemble.ts';
import { promptState } from '../../../support/prompt-states.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { fencedBlocks, SOURCE } from '../../../words/texts.ts';

/** A CLI that starts only while the other one also runs, and prints its arguments. */
const waitsFor = (own: string, other: string) => `#!/bin/sh
touch "$TMPDIR/${own}.here"
for i in $(seq 200); do [ -e "$TMPDIR/${other}.here" ] && break; sleep 0.05; done
[ -e "$TMPDIR/${other}.here" ] || exit 1
echo "${own} reviews $#"; cat
`;

/** Runs commands of a prompt in a repository with a commit, a change and an untracked file. */
async function review(commands: readonly string[], programs: Readonly<Record<string, string>>) {
  await using dir = await tempDir();
  await using repo = await makeRepo();
  const [bin, scratch] = [join(dir.path, 'bin'), join(dir.path, 'scratch')];
  await mkdir(bin);
  await mkdir(scratch);
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }
  await writeFile(join(repo.path, 'new file.txt'), 'never added\n');
  await writeFile(join(repo.path, '.gitignore'), 'ignored.txt\n');
  await writeFile(join(repo.path, 'ignored.txt'), 'not for review\n');
  const script = commands
    .join('\n')
    .replaceAll('[slug]', 'boats')
    .replaceAll('[base]', 'HEAD')
    .replaceAll('"$base"', 'HEAD');
  const env = { ...repo.env, PATH: `${bin}:${process.env.PATH}`, TMPDIR: scratch };
  const before = await repo.git(['status', '--porcelain']);
  const { stdout } = await runCommand('sh', ['-c', script], { cwd: repo.path, env });
  expect(await repo.git(['status', '--porcelain'])).toBe(before);
  const of = (name: string) => readFile(join(scratch, name), 'utf8').catch(() => '');
  const agy = (await ifExists(stat(join(scratch, 'agy.here')))) ? 'started' : 'not started';
  return { stdout, agy, codex: await of('boats.diff.codex'), gemini: await of('boats.diff.gemini') };
}

const ofQuality = (provider = 'claude') => fencedBlocks(assemblePrompt(promptState('quality', { provider })));

test('both other vendors review in parallel, with the untracked files', async () => {
  const { codex, gemini } = await review(ofQuality(), {
    codex: waitsFor('codex', 'gemini'),
    gemini: waitsFor('gemini', 'codex'),
  });
  for (const [name, text] of Object.entries({ codex, gemini })) {
    expect(text).toContain(`${name} reviews`);
    expect(text).toContain('+never added');
    expect(text).toContain('+ignored.txt');
    expect(text).not.toContain('not for review');
  }
});

test.each([
  ['codex', 'gemini'],
  ['gemini', 'codex'],
] as const)('an agent of %s asks %s for a second opinion, and not itself', async (provider, other) => {
  const cli = '#!/bin/sh\ncat\n';
  const reviews = await review(ofQuality(provider), { codex: cli, gemini: cli });
  expect(reviews[other]).toContain('+never added');
  expect(reviews[provider]).toBe('');
  expect(assemblePrompt(promptState('quality', { provider }))).not.toContain(`D.${provider}`);
});

test('a vendor whose CLI fails is named as skipped, and the other one still reviews', async () => {
  const { codex, gemini } = await review(ofQuality(), {
    codex: '#!/bin/sh\necho "not logged in" >&2; exit 1\n',
    gemini: '#!/bin/sh\ncat\n',
  });
  expect(codex).toMatch(/not logged in\nskipped: not installed, or failed/);
  expect(gemini).toContain('+never added');
});

test('the time limit of another vendor fits the iteration', () => {
  const secondsOf = (timeLimitMs: number) =>
    [...assemblePrompt(promptState('quality', { timeLimitMs })).matchAll(/timeout (?:-s KILL )?(\d+) /g)].map(
      (match) => Number(match[1]),
    );
  expect(secondsOf(30 * 60_000)).toEqual([600, 600]);
  expect(secondsOf(3 * 3_600_000)).toEqual([900, 900]);
});

test.each(['codex', 'gemini', 'quality'])(
  'the diff in the skill %s includes the untracked files',
  async (name) => {
    const skill = SOURCE.skills.find((each) => each.name === name)?.text ?? '';
    const command = /\{ git diff .*?; \}/.exec(skill)?.[0] ?? expect.fail();
    expect((await review([command], {})).stdout).toContain('+never added');
  },
);
