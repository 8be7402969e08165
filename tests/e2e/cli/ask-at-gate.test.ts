import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askAtGate } from '../../../src/cli/asking/ask-at-gate.ts';
import type { Cli } from '../../../src/cli/terminal/cli.ts';
import { Output } from '../../../src/cli/terminal/output.ts';
import { KEY } from '../../cli/keys.ts';
import { typed } from '../../cli/typed.ts';
import { askingRig } from '../../support/asking-rig.ts';
import type { SessionRig } from '../../support/session-rig.ts';

/** Where commands are typed; each starts the worker that it needs. */
function placeOf(rig: SessionRig) {
  const { path: cwd, homeDir: home, env } = rig.repo;
  return { cwd, home, env, programs: rig.context().programs };
}

/** A person at a terminal who says `text` to every question, after `meanwhile` has happened elsewhere. */
async function slowPerson(rig: SessionRig, text: string, meanwhile: () => Promise<void>) {
  let told = '';
  const stream = () => new PassThrough().on('data', (bytes) => (told += bytes));
  let happened: Promise<void> | undefined;
  const cli: Pick<Cli, 'output' | 'ask' | 'actionContext'> = {
    output: new Output({ stdout: stream(), stderr: stream(), colourful: false, json: false }),
    async ask() {
      happened ??= meanwhile();
      await happened;
      return text;
    },
    actionContext: async () => rig.context('cli'),
  };
  // Nothing else of a command line is used at a gate.
  const question = { session: rig.file.folder, projectDir: undefined };
  const asked = await askAtGate(cli as Cli, await rig.view(), question);
  return { asked, told };
}

test('a plan is left for later, asked about again after a bare no, and sent back with words alone', async () => {
  await using rig = await askingRig();
  const place = placeOf(rig);
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

test('by menus, Esc leaves each gate as it is, and Enter alone takes suggestions but approves no plan', async () => {
  await using rig = await askingRig();
  const place = placeOf(rig);
  const session = rig.file.folder;
  await rig.untilWaiting('qa_answers');
  const left = await typed(['answer', session], { ...place, keys: [KEY.enter, KEY.escape] });
  expect(left).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Left for later') });
  expect((await rig.events()).map(({ type }) => type)).not.toContain('answers_recorded');
  const answered = await typed(['answer', session], { ...place, keys: Array(9).fill(KEY.enter) });
  expect(answered).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^✔ Q1: /m) });
  await rig.untilWaiting('plan_approval');
  for (const keys of [[KEY.escape], [KEY.enter], [KEY.up + KEY.enter, KEY.escape]])
    expect((await typed(['run', session], { ...place, keys })).exitCode).toBe(4);
  const shorter = `shorter${KEY.enter}`;
  await typed(['run', session], { ...place, keys: [KEY.up + KEY.enter, shorter, KEY.down + KEY.enter] });
  const types = (await rig.events()).map(({ type }) => type);
  expect(types).toContain('changes_requested');
  expect(types).toContain('plan_approved');
});

test('questions show whose reason stands below them', async () => {
  await using rig = await askingRig();
  await rig.untilWaiting('qa_answers');
  const { stdout } = await typed(['answer', rig.file.folder, '--show'], placeOf(rig));
  expect(stdout).toMatch(/^Q1 {3}\S/m);
  expect(stdout).toMatch(/^ {5}[A-Z]\) .* ← suggested$/m);
  expect(stdout).toMatch(/^ {5}why: \S/m);
});

test('a rewind says where the session stands now, and going on says that it waits again', async () => {
  await using rig = await askingRig();
  await rig.untilWaiting('qa_answers');
  const place = placeOf(rig);
  const session = rig.file.folder;
  const shown = await typed(['rewind', session, '--to', '1'], place);
  expect(shown).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Undone: iteration 2.') });
  expect(shown.stdout).toContain('--to 1 --yes');
  expect((await typed(['rewind', session, '--to', '1'], { ...place, says: ['n'] })).stdout).toContain(
    'Nothing is done.',
  );
  expect((await rig.events()).map(({ type }) => type)).not.toContain('rewind_asked');
  const back = await typed(['rewind', session, '--to', '1', '--yes'], place);
  expect(back.stdout).toContain('is rewound to the end of iteration 1, and is stopped');
  const forth = await typed(['rewind', session, '--undo', '--yes'], place);
  expect(forth.stdout).toContain('is rewound to the state before its last rewind, and is stopped');
  const goesOn = await typed(['resume', session], place);
  expect(goesOn.stdout).toContain('waits for you again: samocode answer ');
});

test('whoever answers at a terminal after somebody else has is told that it was not taken', async () => {
  await using rig = await askingRig();
  const notTaken = expect.stringContaining('decided elsewhere; your answer was not recorded');
  await rig.untilWaiting('qa_answers');
  const answers = await slowPerson(rig, 'A', () => rig.answer(undefined, 'tool'));
  expect(answers).toEqual({ asked: true, told: notTaken });
  await rig.untilWaiting('plan_approval');
  const changes = await slowPerson(rig, 'make it shorter', () => rig.approve('tool'));
  expect(changes).toEqual({ asked: true, told: notTaken });
});
