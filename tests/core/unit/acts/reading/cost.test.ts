import { rm } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type CostSum, costToday, readCost } from '../../../../../src/core/acts/reading/cost.act.ts';
import { costText } from '../../../../../src/core/acts/reading/cost.command.ts';
import { type ShownSession, watchSessions } from '../../../../../src/core/acts/reading/watch-sessions.act.ts';
import { Output } from '../../../../../src/core/faces/terminal/output.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { ARCHIVED, CREATED, DONE, PREPARED, writeEvents } from '../../session/events.ts';

/** Noon in this machine's local time. */
const NOW = new Date(2026, 0, 8, 12).getTime();
const HOUR_MS = 3_600_000;
const clock = { now: () => NOW, monotonic: () => 0, sleep: async () => undefined };

type Cost = { usd?: number; usdIsEstimate?: boolean };

function iteration(number: number, provider: string, cost: Cost, ending = 'signalled'): NewEvent[] {
  const common = { iteration: number, phase: 'testing' } as const;
  return [
    {
      ...{ type: 'iteration_started', ...common, provider, model: '', log: 'l', childUuid: 'u' },
      ...{ timeLimitMs: 1, credentials: [], sandbox: 'none' },
    },
    {
      ...{ type: 'iteration_ended', ...common, ending, exitCode: 0, signalNotes: [], cost, durationMs: 1 },
      ...{ changed: false, treeChanged: false, flowLines: [] },
      decision: { kind: 'run', phase: 'testing', notes: [], delay: 'none' },
    },
  ] as NewEvent[];
}

const spending = (usd: number, iterations: number, more: Partial<CostSum> = {}): CostSum => ({
  ...{ usd, isEstimate: false, iterations, unknown: 0 },
  ...more,
});
const NONE = spending(0, 0);

async function scene() {
  const serverRig = await makeServerRig({ clock });
  const { sessionsDir } = serverRig;
  const session = async (folder: string, project: string, hoursAgo: number, events: readonly NewEvent[]) =>
    await writeEvents(
      sessionPaths(sessionsDir, folder),
      [CREATED, PREPARED, ...events],
      NOW - hoursAgo * HOUR_MS,
      { configPath: `/code/${project}/.samocode` },
    );
  return { serverRig, session, report: () => readCost({}, serverRig.context) };
}

test('an iteration counts on the day of its end, for its project and for the agent CLI that ran it', async () => {
  const { serverRig, session, report } = await scene();
  await using _ = serverRig;
  await session('26-01-08-a', 'boats', 1, [
    ...iteration(1, 'claude', { usd: 1.5 }),
    ...iteration(2, 'codex', { usd: 0.25, usdIsEstimate: true }),
  ]);
  await session('26-01-07-b', 'boats', 13, [...iteration(1, 'claude', { usd: 10 }), DONE, ARCHIVED]);
  await session('26-01-02-c', 'cars', 24 * 6, iteration(1, 'claude', { usd: 100 }));
  await session('25-12-01-d', 'cars', 24 * 7, iteration(1, 'claude', { usd: 1000 }));
  expect(await report()).toEqual({
    todaySince: new Date(2026, 0, 8).toISOString(),
    weekSince: new Date(2026, 0, 2).toISOString(),
    total: {
      today: spending(1.75, 2, { isEstimate: true }),
      week: spending(111.75, 4, { isEstimate: true }),
      all: spending(1111.75, 5, { isEstimate: true }),
    },
    projects: [
      { projectDir: '/code/cars', today: NONE, week: spending(100, 1), all: spending(1100, 2) },
      {
        projectDir: '/code/boats',
        today: spending(1.75, 2, { isEstimate: true }),
        week: spending(11.75, 3, { isEstimate: true }),
        all: spending(11.75, 3, { isEstimate: true }),
      },
    ],
    providers: [
      { provider: 'claude', today: spending(1.5, 1), week: spending(111.5, 3), all: spending(1111.5, 4) },
      {
        provider: 'codex',
        ...Object.fromEntries(
          ['today', 'week', 'all'].map((each) => [each, spending(0.25, 1, { isEstimate: true })]),
        ),
      },
    ],
    unreadable: [],
  });
});

test('a cost that was not reported is unknown and never counts as zero', async () => {
  const { serverRig, session, report } = await scene();
  await using _ = serverRig;
  await session('26-01-08-a', 'boats', 1, [
    ...iteration(1, 'claude', { usd: 1.5 }),
    ...iteration(2, 'claude', {}),
    ...iteration(3, 'gemini', {}),
    ...iteration(4, 'codex', {}, 'not_started'),
    ...iteration(5, 'rehearsal', { usd: 0 }),
  ]);
  const found = await report();
  expect(found.total.today).toEqual(spending(1.5, 4, { unknown: 2 }));
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const screen = new Output({ stdout, stderr: stdout, colourful: false, json: false });
  expect(costText(found, screen)).toBe(
    [
      '                       today   7 days      all',
      'total                ≥ $1.50  ≥ $1.50  ≥ $1.50',
      'project   boats      ≥ $1.50  ≥ $1.50  ≥ $1.50',
      'provider  claude     ≥ $1.50  ≥ $1.50  ≥ $1.50',
      '          gemini     unknown  unknown  unknown',
      '          rehearsal    $0.00    $0.00    $0.00',
      'The cost of 2 of 4 iterations is unknown: the agent CLI did not report it.',
    ].join('\n'),
  );
});

test('in a pipe the command prints one line per row, and it says if nothing has been spent yet', async () => {
  const { serverRig, session } = await scene();
  await using _ = serverRig;
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir, clock };
  expect((await typed(['cost'], place)).stdout).toBe('total\t\t–\t–\t–\n');
  await session('26-01-02-c', 'cars', 30, iteration(1, 'claude', { usd: 2 }));
  expect((await typed(['cost'], place)).stdout).toBe(
    [
      'total\t\t–\t$2.00\t$2.00',
      'project\tcars\t–\t$2.00\t$2.00',
      'provider\tclaude\t–\t$2.00\t$2.00',
      '',
    ].join('\n'),
  );
  const json = JSON.parse((await typed(['cost', '--json'], place)).stdout);
  expect(json.providers).toMatchObject([{ provider: 'claude', all: { usd: 2, is_estimate: false } }]);
});

test('the cost of today counts the shown sessions, and reads a log once, and only if an iteration has ended today', async () => {
  const { serverRig, session } = await scene();
  await using _ = serverRig;
  await session('26-01-08-a', 'boats', 1, [
    ...iteration(1, 'claude', { usd: 1.5 }),
    ...iteration(2, 'codex', { usd: 0.25, usdIsEstimate: true }),
    ...iteration(3, 'gemini', {}),
  ]);
  await session('26-01-07-b', 'boats', 13, iteration(1, 'claude', { usd: 10 }));
  await session('26-01-08-c', 'boats', 1, [...iteration(1, 'claude', { usd: 100 }), DONE, ARCHIVED]);
  const { context, sessionsDir } = serverRig;
  const ended = new AbortController();
  const shown = (await watchSessions({ signal: ended.signal }, context).next()).value as ShownSession[];
  ended.abort();
  const today = spending(1.75, 3, { isEstimate: true, unknown: 1 });
  const hide = async (folder: string) => await rm(sessionPaths(sessionsDir, folder).events);
  await hide('26-01-07-b');
  expect(await costToday(shown, context)).toEqual(today);
  await hide('26-01-08-a');
  expect(await costToday(shown, context)).toEqual(today);
  const tomorrow = { clock: { ...clock, now: () => NOW + 24 * HOUR_MS } };
  expect(await costToday(shown, tomorrow)).toEqual(NONE);
});
