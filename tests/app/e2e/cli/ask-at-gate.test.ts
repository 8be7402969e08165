import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'vitest';
import { askAtGate } from '../../../../src/core/acts/gates/ask-at-gate.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';
import { Output } from '../../../../src/core/faces/terminal/output.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { KEY } from '../../unit/cli/keys.ts';
import { typed } from '../../unit/cli/typed.ts';

/** The context of typed commands; each starts the worker that it needs. */
function placeOf(rig: SessionRig) {
  const { path: cwd, homeDir: home, env } = rig.repo;
  return { cwd, home, env, programs: rig.context().programs };
}

/** A person at a terminal who answers `text` to every question, after `meanwhile` has run elsewhere. */
async function slowPerson(rig: SessionRig, text: string, meanwhile: () => Promise<void>) {
  const stream = () => new PassThrough().resume();
  let happened: Promise<void> | undefined;
  const cli: Pick<Cli, 'output' | 'home' | 'ask' | 'actionContext'> = {
    home: rig.repo.homeDir,
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
  return await askAtGate(cli as Cli, await rig.view(), question);
}

test.concurrent(
  'questions name the author of the reasons below them; by menus Esc leaves them open, and Enter alone accepts suggestions',
  ci,
  async ({ expect }) => {
    await using rig = await startRig({ at: 'asking' });
    const place = placeOf(rig);
    const session = rig.file.folder;
    await rig.untilWaiting('qa_answers');
    const { stdout } = await typed(['answer', session, '--show'], place);
    expect(stdout).toMatch(/^Q1 {3}\S/m);
    expect(stdout).toMatch(/^ {5}[A-Z]\) .* ← suggested$/m);
    expect(stdout).toMatch(/^ {5}why: \S/m);
    const left = await typed(['answer', session], { ...place, keys: [KEY.enter, KEY.escape] });
    expect(left).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Left for later') });
    expect((await rig.events()).map(({ type }) => type)).not.toContain('answers_recorded');
    const answered = await typed(['answer', session], { ...place, keys: Array(9).fill(KEY.enter) });
    expect(answered).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^✔ Recorded: Q1: /m) });
  },
);

test.concurrent('a plan is left for later, read again, sent back with text only, and not approved by Enter alone', async ({
  expect,
}) => {
  await using rig = await startRig({ at: 'planned' });
  const place = placeOf(rig);
  const session = rig.file.folder;
  await rig.untilWaiting('plan_approval');
  const left = await typed(['run', session], { ...place, says: ['6'] });
  expect(left).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('6) Decide later') });
  const changes = KEY.up.repeat(3) + KEY.enter;
  for (const keys of [[KEY.enter], [changes, KEY.escape]])
    expect((await typed(['run', session], { ...place, keys })).exitCode, 'by menus').toBe(4);
  const types = async () => (await rig.events()).map(({ type }) => type);
  expect(await types()).not.toContain('changes_requested');
  await typed(['run', session], { ...place, says: ['3', 'smaller steps', ''] });
  const asked = (await rig.events()).find(({ type }) => type === 'changes_requested');
  expect(JSON.stringify(asked)).toContain('smaller steps');

  const shorter = `shorter${KEY.enter}`;
  await typed(['run', session], { ...place, keys: [changes, shorter, KEY.up.repeat(4) + KEY.enter] });
  expect((await types()).filter((type) => type === 'changes_requested')).toHaveLength(2);
  expect(await types()).toContain('plan_approved');
});

test.concurrent('a person edits the plan that waits: the change is shown, needs an approval, and stands in the log', async ({
  expect,
}) => {
  await using rig = await startRig({ at: 'planned' });
  const place = placeOf(rig);
  const session = rig.file.folder;
  const { status } = await rig.untilWaiting('plan_approval');
  const name = (status.kind === 'waiting' && status.plan?.name) || '';
  const path = join(rig.paths.sessionDir, name);
  const edit = (editor: string, says: string[] = ['']) =>
    typed(['plan', session, '--edit'], { ...place, env: { ...place.env, EDITOR: editor }, says });
  expect((await typed(['plan', session, '--edit'], place)).exitCode, 'without a terminal').toBe(2);
  const proposed = await readFile(path, 'utf8');
  expect((await edit('true')).stdout).toContain('The plan is unchanged.');
  expect((await edit('sed -i 1s/$/!/', ['n'])).stdout).toContain('The plan is unchanged.');
  expect(await readFile(path, 'utf8')).toBe(proposed);

  const elsewhere = await edit(`echo >>'${path}'; sed -i 1s/$/!/`);
  expect(elsewhere).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('was not saved') });
  const saved = await edit('sed -i 1s/$/!/');
  expect(saved.stdout).toMatch(/^\+ # .*!$/m);
  expect(saved.stdout).toContain('✔ Saved. To approve it: samocode approve');
  expect((await typed(['plan', session], place)).stdout).toContain('Changes since the previous version');
  await typed(['approve', session], { ...place, says: ['y'] });
  const approved = (await rig.events()).find(({ type }) => type === 'plan_approved');
  expect(approved).toMatchObject({ proposed: status.kind === 'waiting' && status.plan?.hash });
  const log = await readFile(rig.paths.sessionLog, 'utf8');
  expect(log).toContain(`plan ${name}, edited since it was proposed, approved by a person`);
});

test.concurrent('a rewind says where the session stands now, and going on says that it waits again', async ({
  expect,
}) => {
  await using rig = await startRig({ at: 'asking' });
  const place = placeOf(rig);
  const session = rig.file.folder;
  const shown = await typed(['rewind', session, '--to', '1'], place);
  expect(shown).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Undone: iteration 2.') });
  expect(shown.stdout).toContain('--to 1 --yes');
  expect((await typed(['rewind', session, '--to', '1'], { ...place, says: ['n'] })).stdout).toContain(
    'Nothing was done.',
  );
  expect((await rig.events()).map(({ type }) => type)).not.toContain('rewind_asked');
  const back = await typed(['rewind', session, '--to', '1', '--yes'], place);
  expect(back.stdout).toContain('is rewound to the end of iteration 1 and is now stopped');
  const forth = await typed(['rewind', session, '--undo', '--yes'], place);
  expect(forth.stdout).toContain('is rewound to the state before its last rewind and is now stopped');
  const goesOn = await typed(['resume', session], place);
  expect(goesOn.stdout).toContain('Next: samocode answer ');
});

test.concurrent('a person who answers at a terminal after somebody else is notified that the answer was not recorded', async ({
  expect,
}) => {
  const notTaken = expect.stringContaining('decided elsewhere; your answer was not recorded');
  await using asking = await startRig({ at: 'asking' });
  const answers = await slowPerson(asking, 'A', () => asking.answer(undefined, 'tool'));
  expect(answers, 'questions').toEqual(notTaken);
  await using planned = await startRig({ at: 'planned' });
  const changes = await slowPerson(planned, '3', () => planned.approve('tool'));
  expect(changes, 'a plan').toEqual(notTaken);
});
