import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { answerRead } from '../../support/as-parent.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { ANSWERS_QA, setsPhase } from '../../support/forged-acts.ts';
import {
  type DemoProject,
  eventsOf,
  makeDemoProject,
  markedPids,
  Parent,
  pathsOf,
  until,
  workerPid,
} from '../../support/mcp-rig.ts';
import { DEMO_TASK } from '../../support/paper-boat.ts';
import { HANGS } from '../../support/session-rig.ts';

async function started(parent: Parent, more: Record<string, unknown> = {}): Promise<string> {
  const { session } = await parent.call('start_session', { task: DEMO_TASK, provider: 'rehearsal', ...more });
  return session;
}

async function waitFor(parent: Parent, session: string, state: string, what?: string): Promise<void> {
  for (let cursor = '0'; ; ) {
    const result = await parent.call('wait', { session, cursor, timeout_s: 20 });
    cursor = result.cursor;
    if (result.state === state && (what === undefined || result.for === what)) return;
  }
}

async function scenario(place: DemoProject, rules: unknown[]): Promise<{ REHEARSAL_SCENARIO: string }> {
  const path = join(place.home, 'scenario.json');
  await writeFile(path, JSON.stringify({ about: 'a test', paceMs: 0, rules }));
  return { REHEARSAL_SCENARIO: path };
}

test('a session outlives a server that is killed while an agent works', ci, async () => {
  await using place = await makeDemoProject();
  const first = await Parent.connect(place);
  const session = await started(first);
  const paths = pathsOf(place, session);
  await until(paths, (state) => state.openIteration !== undefined);
  process.kill(first.serverPid, 'SIGKILL');
  await using second = await Parent.connect(place);
  await waitFor(second, session, 'waiting');
  await answerRead((...asked) => second.call(...asked), { session, accept_suggestions: true });
  await waitFor(second, session, 'waiting', 'plan_approval');
  const owners = (await eventsOf(paths)).filter((event) => event.type === 'worker_took_over');
  expect(owners.filter(({ previous }) => previous === 'died')).toEqual([]);
});

test('two servers report the same state and events of one session', async () => {
  await using place = await makeDemoProject();
  await using one = await Parent.connect(place);
  await using two = await Parent.connect(place);
  const session = await started(one);
  await Promise.all([waitFor(one, session, 'waiting'), waitFor(two, session, 'waiting')]);
  // The worker leaves a moment later.
  await eventually(async () => (await one.call('get_status', { session })).worker === 'none needed');
  const [a, b] = await Promise.all([
    one.call('get_status', { session }),
    two.call('get_status', { session }),
  ]);
  expect(a).toEqual(b);
  await answerRead((...asked) => two.call(...asked), { session, accept_suggestions: true });
  await expect(one.call('answer_qa', { session, accept_suggestions: true })).rejects.toThrow(
    /Q1 was answered first with .* by the parent model alone .* The first answer counts/,
  );
});

test('a second worker for a session that has one leaves without a trace', async () => {
  await using place = await makeDemoProject();
  const { REHEARSAL_SCENARIO } = await scenario(place, HANGS.rules);
  place.env.REHEARSAL_SCENARIO = REHEARSAL_SCENARIO;
  await using parent = await Parent.connect(place);
  const session = await started(parent);
  const paths = pathsOf(place, session);
  await until(paths, (state) => state.openIteration !== undefined);
  const before = await workerPid(paths);
  execFileSync(process.execPath, ['dist/worker.cjs', paths.sessionsDir, paths.folder], { env: place.env });
  expect(await workerPid(paths)).toBe(before);
  const owners = (await eventsOf(paths)).filter((event) => event.type === 'worker_took_over');
  expect(owners).toHaveLength(1);
});

test('stop now leaves no process of an agent that forks, uses other process sessions and ignores SIGTERM', async () => {
  await using place = await makeDemoProject();
  const acts = [
    { act: 'leave', count: 3, setsid: true, ignoreTerm: true },
    { act: 'ignore-term' },
    { act: 'hang' },
  ];
  const { REHEARSAL_SCENARIO } = await scenario(place, [{ when: { iteration: 1 }, do: acts }]);
  place.env.REHEARSAL_SCENARIO = REHEARSAL_SCENARIO;
  await using parent = await Parent.connect(place);
  const session = await started(parent);
  const paths = pathsOf(place, session);
  for (const end = Date.now() + 30_000; (await markedPids(paths)).length < 4 && Date.now() < end; ) {
    await systemClock.sleep(50);
  }
  expect((await markedPids(paths)).length).toBeGreaterThanOrEqual(4);
  await parent.call('stop_session', { session, when: 'now' });
  await until(paths, (state) => state.status.kind === 'stopped');
  expect(await markedPids(paths)).toEqual([]);
  await parent.call('resume_session', { session });
  await until(paths, ({ openIteration }) => openIteration?.iteration === 2);
});

test('an agent that answers its own questions and continues to planning opens no gate', async () => {
  await using place = await makeDemoProject();
  const cheat = [
    { act: 'normal', signal: false },
    ANSWERS_QA,
    setsPhase('implementation'),
    { act: 'signal-file', text: '{"status":"continue","phase":"planning"}' },
  ];
  const { REHEARSAL_SCENARIO } = await scenario(place, [
    {
      when: { phase: 'investigation' },
      do: [{ act: 'end', did: 'Looked', signal: { status: 'continue', phase: 'requirements' } }],
    },
    { when: { phase: 'requirements', count: 1 }, do: cheat },
  ]);
  place.env.REHEARSAL_SCENARIO = REHEARSAL_SCENARIO;
  await using parent = await Parent.connect(place);
  const session = await started(parent);
  const paths = pathsOf(place, session);
  const state = await until(paths, (now) => now.status.kind === 'waiting');
  expect(state.status).toMatchObject({ for: 'qa_answers', openQuestions: ['Q1', 'Q2', 'Q3'] });
  expect(state.progress.phase).toBe('requirements');
  expect((await eventsOf(paths)).filter((event) => event.type === 'forgery_seen').length).toBeGreaterThan(0);
  expect(await readFile(paths.overview, 'utf8')).toContain('Phase: requirements');
});
