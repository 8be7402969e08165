import { expect, test } from 'vitest';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import type { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { requireHeldBy } from '../../../../src/extensions/pool/membership/require-held.ts';
import { writePoolUntil } from '../../../../src/extensions/pool/states/ownership-record.ts';
import { answerQa, finishSession } from '../../../support/as-shown.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { eventsOf, holding, isDone, poolOf, QUICK, untilView } from './machines.ts';

const server = sharedPostgres();

const waitsFor = (what: string) => (view: SessionView) =>
  view.state.status.kind === 'waiting' && view.state.status.for === what;

test('a merge is refused while the database cannot be read, and once another machine has the session', async () => {
  await using pool = await poolOf(2, QUICK, server, { lines: { CHECK: 'true' } });
  const session = await pool.start(pool.machines[0]);
  const [one, other] = await holding(pool, isDone, 'the session as done');
  await untilView(other, isDone, 'the session as done on the other machine');
  const merge = () => finishSession({ session, how: 'merge', keep: [] }, one.context);
  // Its supervisor would find out first.
  await one.die();
  one.toDatabase.become('refuses');
  const [view] = await one.views();
  const asked = { file: view?.sessionFile as SessionFile, paths: (view as SessionView).paths };
  // Otherwise its worker leaves because its time is over.
  writePoolUntil(asked.paths, 3_600_000, one.context.host);
  await expect(requireHeldBy(asked, one.context)).rejects.toMatchObject({ code: 'database_unread' });
  const refusal = { code: 'not_merged', message: expect.stringContaining('could not be read') };
  await expect(merge()).rejects.toMatchObject(refusal);
  await one.die();
  const taken = 'update samocode_pool.sessions set host = $1, epoch = epoch + 1';
  await query(pool.database, taken, [other.login]);
  one.toDatabase.become('forwards');
  await expect(requireHeldBy(asked, one.context)).rejects.toMatchObject({ code: 'session_moved' });
  await one.comeBack();
  await untilView(one, ({ worker }) => worker === 'unknowable', 'that another machine has it');
  await expect(merge()).rejects.toMatchObject({ code: 'elsewhere_in_pool' });
});

test('questions are answered and the plan is approved on the machine that does not have the session', async () => {
  await using pool = await poolOf(2, QUICK, server, { lines: { GATES: 'qa,plan' } });
  const session = await pool.start(pool.machines[0]);
  const [, other] = await holding(pool, waitsFor('qa_answers'), 'the questions');
  await untilView(other, waitsFor('qa_answers'), 'the questions on the other machine');
  await answerQa({ session, answers: [], acceptSuggestions: true }, other.context);
  await untilView(other, waitsFor('plan_approval'), 'the plan on the same machine');
  const { hash } = await readPlan({ session }, other.context);
  await approvePlan({ session, hash }, other.context);
  const done = await untilView(other, isDone, 'the session as done');
  const approved = (await eventsOf(done)).filter(({ type }) => type === 'plan_approved');
  expect(approved).toHaveLength(1);
});

test('GATE_PEOPLE keeps a gate closed to the logins of other machines that it does not name', async () => {
  const logins = ['gates-anna', 'gates-bert'];
  await using pool = await poolOf(2, QUICK, server, {
    lines: { GATES: 'plan', GATE_PEOPLE: 'nobody' },
    logins,
  });
  const session = await pool.start(pool.machines[0]);
  const [one, other] = await holding(pool, waitsFor('plan_approval'), 'the plan');
  await untilView(other, waitsFor('plan_approval'), 'the plan on the other machine');
  const { hash } = await readPlan({ session }, other.context);
  const closed = { code: 'person_closed', message: expect.stringContaining(other.login) };
  await expect(approvePlan({ session, hash }, other.context)).rejects.toMatchObject(closed);
  await approvePlan({ session, hash }, one.context);
  const { paths } = await untilView(other, isDone, 'the session as done');
  expect(await readEvents(paths, 0)).toContainEqual(
    expect.objectContaining({ type: 'plan_approved', by: { channel: 'cli' } }),
  );
});

test('a plan that a login of GATE_PEOPLE approves on another machine is approved by that name', async () => {
  const logins = ['gates-carl', 'gates-dora'];
  const lines = { GATES: 'plan', GATE_PEOPLE: logins.join() };
  await using pool = await poolOf(2, QUICK, server, { lines, logins });
  const session = await pool.start(pool.machines[0]);
  const [, other] = await holding(pool, waitsFor('plan_approval'), 'the plan');
  await untilView(other, waitsFor('plan_approval'), 'the plan on the other machine');
  const { hash } = await readPlan({ session }, other.context);
  await approvePlan({ session, hash }, other.context);
  const { paths } = await untilView(other, isDone, 'the session as done');
  expect(await readEvents(paths, 0)).toContainEqual(
    expect.objectContaining({ type: 'plan_approved', by: { channel: 'cli', person: other.login } }),
  );
});
