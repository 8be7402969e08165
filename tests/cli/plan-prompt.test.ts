import { expect, test } from 'vitest';
import { startRig } from '../support/session-rig.ts';
import { typed } from './typed.ts';

test('a plan is left for later, asked about again after a bare no, and sent back with words alone', async () => {
  await using rig = await startRig();
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir };
  const session = rig.file.folder;
  await rig.untilWaiting('qa_answers');
  await typed(['answer', session, '--accept-suggestions'], place);
  await rig.untilWaiting('plan_approval');
  for (const says of [[''], ['q'], ['no', ''], ['N', ' ']]) {
    const left = await typed(['run', session], { ...place, says });
    expect(left).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Enter leaves it for later') });
  }
  expect((await rig.events()).map(({ type }) => type)).not.toContain('changes_requested');
  await typed(['run', session], { ...place, says: ['n', 'smaller steps', ''] });
  const asked = (await rig.events()).find(({ type }) => type === 'changes_requested');
  expect(JSON.stringify(asked)).toContain('smaller steps');
});

test('questions show whose reason stands below them', async () => {
  await using rig = await startRig();
  await rig.untilWaiting('qa_answers');
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir };
  const { stdout } = await typed(['answer', rig.file.folder, '--show'], place);
  expect(stdout).toMatch(/^Q1 {3}\S/m);
  expect(stdout).toMatch(/^ {5}[A-Z]\) .* ← suggested$/m);
  expect(stdout).toMatch(/^ {5}suggested: [A-Z] - \S/m);
});
