import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../src/actions/context.ts';
import { type Launches, lookAfterSessions, monitor } from '../../../src/actions/monitor.ts';
import { revive } from '../../../src/actions/revive.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { systemHost } from '../../../src/base/host.ts';
import { acquireLease } from '../../../src/base/lease.ts';
import { rememberProject } from '../../../src/project/known-projects.ts';
import { EventWriter } from '../../../src/session/event-writer.ts';
import type { NewEvent } from '../../../src/session/events.ts';
import { sessionPaths } from '../../../src/session/paths.ts';
import { sessionFileSample } from '../../support/session-file-sample.ts';
import { HANGS, startRig } from '../../support/session-rig.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('a session of any project whose worker was killed gets another one', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const killed = await rig.killWorker();
  const elsewhere = { ...rig.context(), cwd: rig.repo.homeDir };
  const round = await lookAfterSessions(elsewhere);
  expect(round).toMatchObject({
    sessions: 1,
    needy: [{ session: rig.file.folder, revival: 'launched' }],
    problems: [],
  });
  await rig.until(({ lease }) => lease > 1, { leaveDead: true });
  expect(await rig.workerPid()).not.toBe(killed);
  expect((await lookAfterSessions(elsewhere)).needy).toEqual([]);
});

test('a session is brought back three times in ten minutes and then left to a person', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const revivals = [];
  for (let times = 1; times <= 4; times += 1) {
    const { lease } = await rig.state();
    await rig.killWorker();
    revivals.push(await revive(await rig.view(), rig.context()));
    if (times < 4) await rig.until((state) => state.lease > lease, { leaveDead: true });
  }
  expect(revivals).toEqual(['launched', 'launched', 'launched', 'dies_again']);
  const later = { ...rig.context(), clock: { ...systemClock, now: () => Date.now() + 11 * 60_000 } };
  expect(await revive(await rig.view(), later)).toBe('launched');
});

test('workers that die before their first event are limited too', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.killWorker();
  const program = join(rig.repo.root, 'dies.js');
  await writeFile(program, 'process.exit(1);\n');
  const context = { ...rig.context(), programs: { ...rig.context().programs, worker: program } };
  const launches: Launches = new Map();
  const rounds = [];
  for (let times = 1; times <= 5; times += 1) rounds.push(await lookAfterSessions(context, launches));
  expect(rounds.map(({ needy }) => needy[0]?.revival)).toEqual([
    'launched',
    'launched',
    'launched',
    'dies_again',
    'dies_again',
  ]);
});

test('a wait for a usage limit whose worker died goes on after the reset', { timeout: 180_000 }, async () => {
  const limited = [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 4 }] }];
  await using rig = await startRig({ scenario: { rules: limited } });
  await rig.until(({ status }) => status.kind === 'limited');
  await rig.killWorker();
  const ending = new AbortController();
  const rounds: string[] = [];
  const running = monitor(
    {
      everyMs: 200,
      signal: ending.signal,
      onRound: ({ needy }) => rounds.push(...needy.map(({ revival }) => revival)),
    },
    rig.context(),
  );
  await rig.until(({ status }) => status.kind === 'waiting', { withinMs: 150_000, leaveDead: true });
  ending.abort();
  await running;
  expect(rounds).toContain('launched');
});

/** A session without a worker, in which a child of Claude Code has run, or runs, that an API key paid for. */
async function paidByKey({ runs = false } = {}): Promise<AsyncDisposable & { context: ActionContext }> {
  const dir = await tempDir();
  const [home, sessionsDir] = [join(dir.path, 'home'), join(dir.path, 'sessions')];
  const file = sessionFileSample({ sessionsDir });
  const paths = sessionPaths(sessionsDir, file.folder);
  const host = await systemHost();
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.sessionFile, JSON.stringify(file));
  const lease = await acquireLease(paths.leases, { host, clock: systemClock });
  await using writer = await EventWriter.open(paths, lease, systemClock);
  const child = {
    iteration: 1,
    phase: 'investigation',
    provider: 'claude',
    model: '',
    log: 'child.jsonl',
  } as const;
  await writer.append(
    { type: 'session_created', sessionId: file.id, runWanted: true },
    {
      type: 'iteration_started',
      ...child,
      childUuid: 'u',
      timeLimitMs: 1000,
      credentials: ['ANTHROPIC_API_KEY'],
    },
    ...(runs ? [] : [END]),
  );
  await lease.release();
  const project = { filePath: '/repo/.samocode', mainRepo: '/repo', sessions: sessionsDir };
  await rememberProject(project, { homeDir: home, clock: systemClock });
  const worker = join(dir.path, 'worker.js');
  await writeFile(worker, '');
  const programs = { worker, rehearsal: worker };
  const context = {
    clock: systemClock,
    host,
    env: {},
    home,
    cwd: home,
    by: { channel: 'cli' },
    programs,
  } as const;
  return { context, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

const END = {
  type: 'iteration_ended',
  iteration: 1,
  phase: 'investigation',
  ending: 'crashed',
  exitCode: 1,
  signalNotes: [],
  decision: { kind: 'run', phase: 'investigation', notes: [], delay: 'none' },
  changed: false,
  treeChanged: false,
  cost: {},
  durationMs: 0,
  flowLines: [],
} satisfies NewEvent;

test('a child that may still run is watched, whoever pays for it', async () => {
  await using session = await paidByKey({ runs: true });
  expect((await lookAfterSessions(session.context)).needy).toMatchObject([{ revival: 'launched' }]);
});

test('a session that other credentials paid for is left alone, by name, and brought back where they are set', async () => {
  await using session = await paidByKey();
  expect((await lookAfterSessions(session.context)).needy).toMatchObject([
    { revival: 'other_payer', credentials: 'claude: not set any more: ANTHROPIC_API_KEY' },
  ]);
  const env = { ANTHROPIC_API_KEY: 'k' };
  const other = await lookAfterSessions({ ...session.context, env: { ...env, CLAUDE_CONFIG_DIR: '/x' } });
  expect(other.needy).toMatchObject([{ credentials: 'claude: set now: CLAUDE_CONFIG_DIR' }]);
  expect((await lookAfterSessions({ ...session.context, env })).needy).toMatchObject([
    { revival: 'launched' },
  ]);
});

test('a session that a key of the login shell paid for is brought back by a service that lacks it', async () => {
  await using session = await paidByKey();
  const env = { SHELL: '/bin/bash' };
  expect((await lookAfterSessions({ ...session.context, env })).needy).toMatchObject([
    { revival: 'other_payer' },
  ]);
  await writeFile(join(session.context.home, '.bash_profile'), 'export ANTHROPIC_API_KEY=k\n');
  expect((await lookAfterSessions({ ...session.context, env })).needy).toMatchObject([
    { revival: 'launched' },
  ]);
});

test('a SESSIONS folder that is gone is no reason to leave the others alone', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.killWorker();
  await rm(rig.file.sessionsDir, { recursive: true });
  expect(await lookAfterSessions(rig.context())).toMatchObject({ sessions: 0, needy: [] });
});
