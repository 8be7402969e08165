import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answerQa } from '../../../../src/core/acts/gates/answer-qa.act.ts';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { readEvents } from '../../../../src/core/session/events/event-log.ts';
import type { SessionView } from '../../../../src/core/session/events/session-view.ts';
import { memberNamed, trustMember } from '../../../../src/extensions/pool/acts/members.act.ts';
import type { PoolSession } from '../../../../src/extensions/pool/acts/status.act.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSession } from '../../../support/start-session.ts';
import { atWork, eventsOf, isDone, type Machine, poolOf, untilView, WORK } from './machines.ts';

test('a session that one machine starts is done by one of two, and both show it', async () => {
  await using pool = await poolOf(2, WORK);
  const [one, other] = pool.machines;
  await pool.start(one);
  const done = await untilView(one, isDone, 'the session as done on the first machine');
  const same = await untilView(other, isDone, 'the session as done on the second');
  const [events, others] = [await eventsOf(done), await eventsOf(same)];
  expect(others.map(({ n, type }) => [n, type])).toEqual(events.map(({ n, type }) => [n, type]));
  expect([done, same].filter(({ worker }) => worker === 'unknowable')).toHaveLength(1);
});

test(
  'when the machine that works on it dies, another goes on from the last rest and finishes it',
  ci,
  async () => {
    await using pool = await poolOf(2, WORK);
    const [one] = pool.machines;
    await pool.start(one);
    const [first, second] = await atWork(pool);
    await untilView(second, ({ state }) => state.workedOn?.[0] === first.name, 'what was published of that');
    await first.die();
    const done = await untilView(second, isDone, 'the session as done by the other machine');
    expect(done.worker).not.toBe('unknowable');
    const events = await eventsOf(done);
    expect(events.map(({ n }) => n)).toEqual(events.map((_, index) => index + 1));
    const took = events.flatMap((event) =>
      event.type === 'worker_took_over' ? [event.places?.mainRepo] : [],
    );
    expect(new Set(took.filter(Boolean))).toContain(second.repo.path);
    expect(done.state.workedOn).toEqual([first.name, second.name]);
  },
);

test('questions are answered and the plan is approved on the machine that does not have the session', async () => {
  await using pool = await poolOf(2, WORK, { lines: { GATES: 'qa,plan' } });
  const [one, other] = pool.machines;
  await pool.start(one);
  const waits = (what: string) => (view: SessionView) =>
    view.state.status.kind === 'waiting' && view.state.status.for === what;
  const [here, there] = await Promise.all([
    untilView(one, waits('qa_answers'), 'the questions on the first machine'),
    untilView(other, waits('qa_answers'), 'the questions on the second'),
  ]);
  const [away, folder] = here.worker === 'unknowable' ? [one, here.folder] : [other, there.folder];
  await answerQa({ session: folder, answers: [], acceptSuggestions: true }, away.context);
  await untilView(away, waits('plan_approval'), 'the plan on the same machine');
  const { hash } = await readPlan({ session: folder }, away.context);
  await approvePlan({ session: folder, hash }, away.context);
  const done = await untilView(away, isDone, 'the session as done');
  const approved = (await eventsOf(done)).filter(({ type }) => type === 'plan_approved');
  expect(approved).toHaveLength(1);
});

test('pool status shows its machines, its sessions, and one that no machine can take', async () => {
  await using pool = await poolOf(2, WORK);
  const [one, other] = pool.machines;
  await pool.start(one);
  await untilView(other, isDone, 'the session as done');
  await untilView(one, isDone, 'the session as done on the first machine');
  const codex = join(one.repo.root, 'codex');
  await writeFile(codex, '#!/bin/sh\necho codex-cli 0.169.0\n', { mode: 0o755 });
  await one.die();
  const env = { ...one.context.env, CODEX_PATH: codex, SAMOCODE_SUPERVISOR: 'off' };
  const asked = { dive: 'Who sails?', name: 'crew', where: 'pool', settings: { provider: 'codex' } } as const;
  await startSession(asked, { ...one.context, env });
  // No machine that looks for it finds it.
  await rm(codex);
  await one.comeBack();
  const lacking = ({ lease }: SessionView) => lease?.lacks?.join() === 'codex';
  await untilView(one, lacking, 'what is lacking on the first machine');
  await untilView(other, lacking, 'what is lacking on the second');
  const place = { cwd: other.repo.path, home: other.repo.homeDir };
  const { members, sessions, problems } = JSON.parse(
    (await typed(['pool', 'status', '--json'], place)).stdout,
  );
  expect(members.map(({ name }: { name: string }) => name).sort()).toEqual(['machine-1', 'machine-2']);
  expect(problems).toEqual([]);
  expect(
    sessions.map(({ host, state }: PoolSession & { state: string }) => [host?.slice(0, 8), state]),
  ).toEqual([
    ['machine-', 'done'],
    [undefined, 'waits for a host with codex'],
  ]);
  const words = (await typed(['pool'], place)).stdout;
  expect(words).toMatch(/hull +machine-[12] +done +published \d+ s ago\n/);
});

test('GATE_PEOPLE keeps a gate closed to another machine until its acts are those of a person it names', async () => {
  await using pool = await poolOf(2, WORK, { lines: { GATES: 'plan', GATE_PEOPLE: 'anna' } });
  const [one, other] = pool.machines;
  const session = await pool.start(one);
  const waits = ({ state }: SessionView) => state.status.kind === 'waiting';
  const here = await untilView(one, waits, 'the plan on the first machine');
  await untilView(other, waits, 'the plan on the second');
  const [holder, away] = here.worker === 'unknowable' ? [other, one] : [one, other];
  const { hash } = await readPlan({ session }, away.context);
  await expect(approvePlan({ session, hash }, away.context)).rejects.toMatchObject({ code: 'person_closed' });
  const { fingerprint: seen } = await memberNamed(away.id, {}, holder.context);
  await trustMember({ member: away.id, seen, as: 'anna' }, holder.context);
  await approvePlan({ session, hash }, away.context);
  const { paths } = await untilView(away, isDone, 'the session as done');
  expect(await readEvents(paths, 0)).toContainEqual(
    expect.objectContaining({ type: 'plan_approved', by: { channel: 'cli', person: 'anna' } }),
  );
});

test('a machine that was cut off for long finds its work aside, and publishes nothing of it', async () => {
  await using pool = await poolOf(2, WORK);
  const [one] = pool.machines;
  await pool.start(one);
  const [first, second] = await atWork(pool);
  await first.die();
  const done = await untilView(second, isDone, 'the session as done by the other machine');
  await first.comeBack();
  const shown = await untilView(
    first,
    (view) => isDone(view) && view.worker === 'unknowable',
    'what was done meanwhile',
  );
  expect((await eventsOf(shown)).map(({ n, type }) => [n, type])).toEqual(
    (await eventsOf(done)).map(({ n, type }) => [n, type]),
  );
  const runs = await readdir(join(first.sessionsDir, '.run'));
  expect(runs.filter((name) => name.includes('.lost-'))).toHaveLength(1);
});

test('two machines with two places each do five sessions, also while they show those of each other', {
  timeout: 1_500_000,
}, async () => {
  await using pool = await poolOf(2, WORK, { lines: { MAX_PARALLEL: '2' } });
  const [one, other] = pool.machines;
  for (const number of [1, 2, 3, 4, 5]) await pool.start(number % 2 === 0 ? one : other, `hull-${number}`);
  const allDone = (machine: Machine) =>
    eventually(async () => (await machine.views()).filter(isDone).length === 5, {
      what: 'five sessions as done',
      withinMs: 1_200_000,
    });
  await Promise.all([allDone(one), allDone(other)]);
  const own = await Promise.all(pool.machines.map((machine) => machine.views()));
  const held = own.map((views) =>
    views.filter(({ worker }) => worker !== 'unknowable').map(({ folder }) => folder),
  );
  expect(held.flat().sort()).toEqual((own[0] ?? []).map(({ folder }) => folder).sort());
  expect(held.filter((folders) => folders.length === 0)).toEqual([]);
});
