import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeLines } from '../../../core/faults/with-settings.ts';
import { ci } from '../../../support/ci.ts';
import { heldSession } from '../../../support/held-session.ts';
import { trustLines } from '../../../support/project.ts';

const PROVING = { in: 'worktree', fast: [], copy: [], timeoutMs: 60_000, home: ['.aws'] };

test(
  'another machine names no program, check or open folder of the one that has the session, and nothing is left of it',
  ci,
  async () => {
    await using scene = await heldSession({ at: 'stopped' });
    const { rig, send } = scene;
    const worktree = (await rig.state()).worktree?.path ?? '';
    const [program, ran] = [join(worktree, 'cli'), join(rig.repo.root, 'ran')];
    await writeFile(program, `#!/bin/sh\ntouch '${ran}'\n`);
    await chmod(program, 0o755);
    const rows: [object, string][] = [
      [{ agent: { provider: 'rehearsal', model: '', cliPath: program } }, 'agent'],
      [{ checks: [`touch '${ran}'`], proving: PROVING }, 'checks, proving'],
    ];
    for (const [fields, names] of rows)
      expect(await send({ kind: 'resume', ...fields })).toMatchObject([
        { type: 'worker_took_over' },
        {
          type: 'command_refused',
          kind: 'resume',
          code: 'act_fields',
          by: { channel: 'cli', person: 'bert' },
          message: expect.stringContaining(`: ${names}.`),
          hint: expect.stringContaining('Or do it on anna'),
        },
        { type: 'worker_left' },
      ]);
    expect((await rig.state()).status.kind).toBe('stopped');
    await expect(readFile(ran)).rejects.toThrow('ENOENT');
    expect(scene.reports).toMatchObject(rows.map(() => ({ code: 'act_fields' })));
  },
);

test('a resume that names a provider runs with the CLI and the model of the machine that has the session', async () => {
  await using scene = await heldSession({ at: 'stopped' });
  const events = await scene.send({ kind: 'resume', provider: 'rehearsal', model: 'quick', note: 'Go on.' });
  const { rehearsal } = scene.rig.context().programs;
  expect(events.find(({ type }) => type === 'resumed')).toMatchObject({
    by: { channel: 'cli', person: 'bert' },
    agent: { provider: 'rehearsal', model: 'quick', cliPath: rehearsal },
  });
});

test('a resume for which this machine has no CLI is refused, and says where it can be repaired', async () => {
  await using scene = await heldSession({ at: 'stopped', lines: { CODEX_PATH: '/nowhere/codex' } });
  const events = await scene.send({ kind: 'resume', provider: 'codex' });
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'command_refused',
      hint: expect.stringContaining('Do this on anna, which has the session.'),
    }),
  );
  expect((await scene.rig.state()).status.kind).toBe('stopped');
});

test('a new goal from another machine is checked with this one’s checks, once a person here trusts them', async () => {
  await using scene = await heldSession({ at: 'done' });
  const { rig } = scene;
  const file = join(rig.repo.path, '.samocode');
  await writeFile(file, `${await readFile(file, 'utf8')}CHECK=test -e work.txt\n`);
  const goal = { kind: 'resume', goal: 'Name the oars, too.' };
  const refused = await scene.send(goal);
  expect(refused.find(({ type }) => type === 'command_refused')).toMatchObject({
    code: 'project_not_trusted',
    hint: expect.stringContaining('Do this on anna, which has the session.'),
  });
  await trustLines(rig.repo, '');
  const resumed = (await scene.send(goal)).find(({ type }) => type === 'resumed');
  expect(resumed).toMatchObject({ goal: goal.goal, checks: ['test -e work.txt'] });
});

test('no branch, file or service of the machine that has the session changes for another one', async () => {
  await using scene = await heldSession({ at: 'done' });
  const { rig, send } = scene;
  const refs = () => rig.repo.git(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads']);
  const before = await refs();
  const kinds = [
    { kind: 'merge' },
    { kind: 'discard' },
    { kind: 'rewind', to: 1 },
    { kind: 'archive', what: 'session', keep: [] },
    { kind: 'services', want: 'up' },
  ];
  for (const request of kinds)
    expect(await send(request)).toContainEqual(
      expect.objectContaining({ type: 'command_refused', kind: request.kind, code: 'act_only_there' }),
    );
  expect(await refs()).toBe(before);
  expect(await rig.state()).toMatchObject({ status: { kind: 'done' }, archived: false });
});

test('another machine raises no limit, and sets none above what this one allows', async () => {
  await using scene = await heldSession({ at: 'stopped' });
  await changeLines(scene.rig, { MAX_COST_USD: '3' });
  await trustLines(scene.rig.repo, 'MAX_COST_USD=5\n');
  const above = await scene.send({ kind: 'resume', limits: { usd: 900_000 } });
  expect(above.find(({ type }) => type === 'command_refused')).toMatchObject({
    code: 'act_limit',
    message: 'From another machine, anna lets MAX_COST_USD be 5 at most, not 900000.',
    hint: expect.stringContaining(`or run "samocode resume ${scene.rig.file.folder}" on anna`),
  });
  expect((await scene.rig.state()).raisedLimits).toBeUndefined();
  const raised = await scene.send({ kind: 'resume', limits: { usd: 5 } });
  expect(raised.find(({ type }) => type === 'command_refused')).toMatchObject({ code: 'limits_closed' });
  const lowered = await scene.send({ kind: 'resume', limits: { usd: 2 } });
  expect(lowered.find(({ type }) => type === 'resumed')).toMatchObject({ limits: { session: { usd: 2 } } });
});
