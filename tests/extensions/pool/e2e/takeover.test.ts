import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import type { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { stateLine } from '../../../../src/core/session/words/words.ts';
import { addMember, removeMember } from '../../../../src/extensions/pool/acts/members.act.ts';
import { takeSession } from '../../../../src/extensions/pool/acts/take.act.ts';
import { requireHeldBy } from '../../../../src/extensions/pool/membership/require-held.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { answerQa, finishSession } from '../../../support/as-shown.ts';
import { eventually } from '../../../support/eventually.ts';
import {
  eventsOf,
  expectOneChain,
  heldOn,
  isAtWork,
  isDone,
  isElsewhere,
  lostOn,
  poolOf,
  QUICK,
  take,
  untilView,
  WORK,
} from './machines.ts';

/** One iteration that does not end. */
const ENDLESS = {
  paceMs: 0,
  rules: [{ do: [{ act: 'run', command: ['sleep', '600'] }, { act: 'normal' }] }],
};
const isParked = (view: SessionView) => stateLine(viewFacts(view)).endsWith('waits for a person to take it');

test('without a database, a new session waits for a person, who takes it to the machine that starts it or another', async () => {
  await using pool = await poolOf(2, QUICK);
  const [one, other] = pool.machines;
  const sessions = [await pool.start(one, 'hull'), await pool.start(one, 'mast')] as const;
  for (const [nth, machine] of [one, other].entries())
    await untilView(machine, (view) => view.folder === sessions[nth] && isParked(view), 'that it waits');
  const status = await typed(['status', sessions[0]], { cwd: one.repo.path, home: one.repo.homeDir });
  expect(status.stdout).toContain('waits for a person to take it');
  const place = { cwd: other.repo.path, home: other.repo.homeDir };
  const asked = await typed(['pool', 'take', sessions[1]], place);
  expect(asked.stderr).toMatch(/No machine has .*iteration 0.*add --yes/s);
  const taken = await typed(['pool', 'take', sessions[1], '--yes', '--json'], place);
  expect(JSON.parse(taken.stdout)).toMatchObject({
    session: sessions[1],
    iteration: 0,
    left: [],
    taken: true,
  });
  await take(one, sessions[0]);
  for (const [nth, machine] of [one, other].entries()) {
    const isIt = (view: SessionView) => view.folder === sessions[nth] && isDone(view);
    const done = await untilView(machine, isIt, 'the session as done where it was taken');
    const shown = await untilView(nth === 0 ? other : one, isIt, 'the session as done elsewhere');
    expect(done.worker).not.toBe('unknowable');
    await expectOneChain(done, shown);
  }
});

test('when a person takes a session from a machine at work, its agent ends, and its work is aside', async () => {
  await using pool = await poolOf(2, heldOn('machine-1'));
  const [one, other] = pool.machines;
  const session = await pool.startOn(one);
  const { sessionDir } = sessionPaths(one.sessionsDir, session);
  await mkdir(sessionDir, { recursive: true });
  await writeFile(join(sessionDir, 'a\\b.md'), 'a name that no state contains\n');
  await untilView(one, isAtWork, 'work');
  await untilView(other, ({ state }) => state.progress.totalIterations > 1, 'what was published of that');
  const left = [expect.stringContaining(`a\\b.md (1 kB) stays on ${one.name}`)];
  const place = { cwd: other.repo.path, home: other.repo.homeDir };
  const asked = await typed(['pool', 'take', session], place);
  expect(asked.stderr).toContain(`a\\b.md (1 kB) stays on ${one.name}`);
  const status = await typed(['pool', 'status', '--json'], place);
  expect(JSON.parse(status.stdout).sessions).toMatchObject([{ session, left }]);
  expect(await take(other, session)).toMatchObject({ left });
  const lost = await untilView(one, ({ worker }) => worker === 'unknowable', 'the end of its agent');
  expect(isDone(lost)).toBe(false);
  const done = await untilView(other, isDone, 'the session as done by the other machine');
  await expectOneChain(done, await untilView(one, isElsewhere, 'what was done meanwhile'));
});

test('a session whose remote was restored from a backup is taken again by the machine that has it', async () => {
  await using pool = await poolOf(2, WORK);
  const [one, other] = pool.machines;
  const session = await pool.startOn(one);
  await untilView(other, ({ state }) => state.progress.totalIterations > 1, 'what was published');
  await pool.moveBack();
  await untilView(one, ({ worker }) => worker === 'unknowable', 'the end of its agent');
  const place = { cwd: one.repo.path, home: one.repo.homeDir };
  const says = async () => (await typed(['pool', 'status'], place)).stdout.includes(`pool take ${session}`);
  await eventually(says, { what: 'how to continue it' });
  expect(await take(one, session)).toMatchObject({ host: one.name, isHere: true });
  await untilView(one, (view) => isDone(view) && !isElsewhere(view), 'the session as done');
  expect(await lostOn(one)).toHaveLength(1);
});

test('a machine that comes back ends what its supervisor continued, once it sees that the session was taken', async () => {
  await using pool = await poolOf(2, ENDLESS);
  const [one, other] = pool.machines;
  const session = await pool.startOn(one);
  const isOpen = ({ worker, state }: SessionView) => worker === 'alive' && state.openIteration !== undefined;
  await untilView(one, isOpen, 'work');
  await one.die();
  await take(other, session);
  await untilView(other, isOpen, 'work on the other machine');
  one.network.become('refuses');
  await one.comeBack();
  await untilView(one, isOpen, 'work that it continues without the remote');
  one.network.become('forwards');
  const hasEnded = async () => (await one.views()).some(({ worker }) => worker === 'unknowable');
  await eventually(hasEnded, { what: 'the end of its agent', withinMs: 30_000 });
});

test('of two machines to which a session is taken at once, one has it, and the other says so', async () => {
  await using pool = await poolOf(2, QUICK);
  const [one, other] = pool.machines;
  const session = await pool.start(one);
  await untilView(other, isParked, 'that it waits');
  const takes = [one, other].map((machine) => takeSession({ session, seen: 0 }, machine.context));
  const ends = await Promise.allSettled(takes);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'taken_meanwhile' },
  });
  const winner = ends[0]?.status === 'fulfilled' ? one : other;
  const done = await untilView(winner, isDone, 'the session as done where it was taken');
  expect(done.state.workedOn).toEqual([winner.name]);
});

test('a merge is refused while the remote of the pool cannot be read, and once another machine has the session', async () => {
  await using pool = await poolOf(2, QUICK, { lines: { CHECK: 'true' } });
  const [one, other] = pool.machines;
  const session = await pool.startOn(one);
  await untilView(one, isDone, 'the session as done');
  await untilView(other, isDone, 'the session as done on the other machine');
  const merge = () => finishSession({ session, how: 'merge', keep: [] }, one.context);
  one.network.become('refuses');
  const refusal = { code: 'not_merged', message: expect.stringContaining('could not be read') };
  await expect(merge()).rejects.toMatchObject(refusal);
  // Its supervisor would find out first.
  await one.die();
  await take(other, session);
  one.network.become('forwards');
  const [view] = await one.views();
  const asked = { file: view?.sessionFile as SessionFile, paths: (view as SessionView).paths };
  await expect(requireHeldBy(asked, one.context)).rejects.toMatchObject({
    code: 'session_moved',
  });
  await one.comeBack();
  await untilView(one, ({ worker }) => worker === 'unknowable', 'that another machine has it');
  await expect(merge()).rejects.toMatchObject({ code: 'elsewhere_in_pool' });
});

test('questions are answered and the plan is approved on the machine that does not have the session', async () => {
  await using pool = await poolOf(2, QUICK, { lines: { GATES: 'qa,plan' } });
  const [one, other] = pool.machines;
  const session = await pool.startOn(one);
  const waits = (what: string) => (view: SessionView) =>
    view.state.status.kind === 'waiting' && view.state.status.for === what;
  await untilView(other, waits('qa_answers'), 'the questions on the other machine');
  await answerQa({ session, answers: [], acceptSuggestions: true }, other.context);
  await untilView(other, waits('plan_approval'), 'the plan on the same machine');
  const { hash } = await readPlan({ session }, other.context);
  await approvePlan({ session, hash }, other.context);
  const done = await untilView(other, isDone, 'the session as done');
  const approved = (await eventsOf(done)).filter(({ type }) => type === 'plan_approved');
  expect(approved).toHaveLength(1);
});

test('GATE_PEOPLE keeps a gate closed to another machine until its acts are those of a person it names', async () => {
  await using pool = await poolOf(2, QUICK, { lines: { GATES: 'plan', GATE_PEOPLE: 'anna' } });
  const [one, other] = pool.machines;
  const session = await pool.startOn(one);
  const waits = ({ state }: SessionView) => state.status.kind === 'waiting';
  await untilView(other, waits, 'the plan on the other machine');
  const { hash } = await readPlan({ session }, other.context);
  await expect(approvePlan({ session, hash }, other.context)).rejects.toMatchObject({
    code: 'person_closed',
  });
  // The first machine owns the pool.
  await addMember({ fingerprint: other.fingerprint, as: 'anna' }, one.context);
  // It counts once the machine that has the session has read the list of members.
  await eventually(async () => (await approvePlan({ session, hash }, other.context)) !== undefined);
  const { paths } = await untilView(other, isDone, 'the session as done');
  expect(await readEvents(paths, 0)).toContainEqual(
    expect.objectContaining({ type: 'plan_approved', by: { channel: 'cli', person: 'anna' } }),
  );
});

test('a machine that an owner removes ends its agents, and publishes nothing more', async () => {
  await using pool = await poolOf(2, heldOn('machine-2'));
  const [owner, other] = pool.machines;
  const folder = await pool.startOn(other);
  await untilView(other, isAtWork, 'work on the second machine');
  await untilView(owner, ({ state }) => state.progress.totalIterations > 0, 'what was published of that');
  await owner.die();
  const { sessions } = await removeMember({ name: other.name }, owner.context);
  expect(sessions).toEqual([folder]);
  await untilView(other, ({ worker }) => worker !== 'alive', 'the end of its agents');
  const place = { cwd: other.repo.path, home: other.repo.homeDir };
  await eventually(async () =>
    (await typed(['pool', 'status'], place)).stdout.includes('no longer takes part in the pool'),
  );
});

test('a machine that was removed while it was off starts no agent when it is back, and takes no session', async () => {
  await using pool = await poolOf(2, ENDLESS);
  const [owner, other] = pool.machines;
  const session = await pool.startOn(other);
  await untilView(other, ({ state }) => state.openIteration !== undefined, 'work on the second machine');
  await other.die();
  await removeMember({ name: other.name }, owner.context);
  const [view] = await other.views();
  const asked = { file: view?.sessionFile as SessionFile, paths: (view as SessionView).paths };
  const removed = { code: 'pool_removed' };
  await expect(requireHeldBy(asked, other.context)).rejects.toMatchObject(removed);
  await expect(takeSession({ session, seen: 2 }, other.context)).rejects.toMatchObject(removed);
  await other.comeBack();
  const hasEnded = async () => (await other.views()).some(({ worker }) => worker === 'unknowable');
  await eventually(hasEnded, { what: 'the end of its agent', withinMs: 30_000 });
});
