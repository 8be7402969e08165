import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readTranscript } from '../../../../src/core/acts/reading/read-transcript.act.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';
import { typed } from '../../unit/cli/typed.ts';

test(
  'documents and changes of a session are printed, and a wrong name gives the valid ones',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    const place = { cwd: rig.repo.path, home: rig.repo.homeDir };
    const session = rig.file.folder;
    const list = await typed(['show', session], place);
    expect(list.stdout.split('\n')).toEqual(expect.arrayContaining(['_overview.md', '_qa.md']));
    const dive = await typed(['show', session, 'dive', '--json'], place);
    expect(JSON.parse(dive.stdout)).toMatchObject({ session, name: expect.stringContaining('-dive-') });
    const asItIs = await typed(['show', session, 'dive'], place);
    expect(asItIs.stdout).toBe((JSON.parse(dive.stdout) as { text: string }).text);
    const picture = join(rig.paths.sessionDir, 'screens/home.png');
    await mkdir(dirname(picture));
    await writeFile(picture, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
    const shown = await typed(['show', session, 'home.png'], place);
    expect(shown.stdout).toBe(`screens/home.png is not text: 16 bytes, at ${picture}\n`);
    const missing = await typed(['show', session, 'novel'], place);
    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('_overview.md') });
    const changes = await typed(['diff', session], place);
    expect(changes.stdout).toMatch(/^0 commits since main at [0-9a-f]{8}\n0 files/);
    const since = await typed(['diff', session, '--iteration', '1', '--json'], place);
    expect(JSON.parse(since.stdout)).toMatchObject({
      since: 'the end of iteration 1',
      commits: { total: 0 },
    });
    const nothing = await typed(['diff', session, 'src/none.ts'], place);
    expect(nothing.stdout).toMatch(/^Nothing changed at src\/none\.ts since main at [0-9a-f]{8};/);
    expect((await typed(['diff', session, '--iteration', 'x'], place)).exitCode).toBe(2);
  },
);

test("log --iteration prints the agent's actions, without terminal control sequences", ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir };
  const argv = ['log', rig.file.folder, '--iteration', '1'];
  const { logPath, entries, lines } = await readTranscript(
    { session: rig.file.folder, iteration: 1, limit: 10_000 },
    rig.context(),
  );
  const { stdout, exitCode } = await typed(argv, place);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('iteration 1, investigation, rehearsal');
  for (const line of lines) expect(stdout).toContain(line);
  expect(JSON.parse((await typed([...argv, '--json'], place)).stdout)).toMatchObject({
    iteration: 1,
    entries: JSON.parse(JSON.stringify(entries)),
    path: logPath,
    is_running: false,
  });

  await appendFile(logPath, '\u001b[2Jnot JSON\n');
  const [followed, missing] = await Promise.all([
    typed([...argv, '--follow'], place),
    typed(['log', rig.file.folder, '--iteration', '99'], place),
  ]);
  expect(followed.exitCode).toBe(0);
  expect(followed.stdout).not.toContain('\u001b');
  expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no iteration 99') });
});

test('log --iteration --follow ends with the agent', async () => {
  await using rig = await startRig({
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir };
  const argv = ['log', rig.file.folder, '--iteration', '1'];
  expect((await typed(argv, place)).stdout).toContain('It is still running');
  const followed = typed([...argv, '--follow'], place);
  await rig.stop('now');
  expect((await followed).stdout).not.toContain('It is still running');
});
