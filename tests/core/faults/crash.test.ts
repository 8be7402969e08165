import { join } from 'node:path';
import { expect } from 'vitest';
import { noticesOf } from '../../support/events-of.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { WORKS } from './in-one-session.ts';

/** The steps of an iteration between two durable writes, in order. */
const STEPS = [
  'before-iteration-started',
  'after-iteration-started',
  'before-spawn',
  'after-spawn',
  'before-go',
  'after-go',
  'before-end-tree',
  'after-end-tree',
  'before-iteration-ended',
  'after-iteration-ended',
];
const first = (step: string) => `${step}@1`;
/** In the second iteration of a worker. */
const later = (step: string) => `${step}@2`;

const WIDENS = [
  { act: 'signal-file', text: '{"status":"continue","phase":"requirements","reason":"It needs a table"}' },
];

/** In the order in which a session reaches them, counted per worker. */
const WHILE_IT_STARTS = [
  'before-events@1',
  'after-events@1',
  'before-events@2',
  'after-events@2',
  'after-overview@1',
  'before-events@3',
  'after-events@3',
  'after-overview@2',
  'after-events@4',
];

/** The start with a plan, up to the gate at which no agent has run: the ledger is written before the plan. */
const WITH_A_PLAN = [
  'before-events@2',
  'after-events@2',
  'after-overview@1',
  'after-given-checks@1',
  'before-events@2',
  'after-events@2',
];

/** For the first worker only: they do not occur again before a person is asked. */
const BY_THEMSELVES: [string, FaultRow['from']][] = [
  ['after-overview@4', 'start'],
  ['after-history@3', 'rest'],
];

function dyingAt(points: readonly string[], row: Pick<FaultRow, 'from' | 'rules' | 'start'>): FaultRow {
  return {
    name: `after workers die at ${points.join(', ')}, the session ends as if undisturbed`,
    deaths: points.map((point) => ({ name: point, env: { SAMOCODE_CRASH_AT: point } })),
    ends: AT_THE_GATE,
    sameFiles: true,
    ...row,
  };
}

/** Run alone, a failure shows its point; `npm run soak` also gives each point a separate session. */
const ALONE = process.env.SAMOCODE_ROUNDS === undefined ? BY_THEMSELVES : [...BY_THEMSELVES, ...all()];

function all(): [string, FaultRow['from']][] {
  return [
    ...WHILE_IT_STARTS.map((point): [string, FaultRow['from']] => [point, 'start']),
    ...[...STEPS.map(first), ...STEPS.map(later), 'after-history@1'].map(
      (point): [string, FaultRow['from']] => [point, 'rest'],
    ),
  ];
}

faultTable([
  { ...dyingAt(WHILE_IT_STARTS, { from: 'start' }), ci: true },
  { ...dyingAt([...STEPS.map(first), 'after-history@1'], { from: 'rest' }), ci: true },
  dyingAt(STEPS.map(later), {
    from: 'rest',
    rules: Array.from({ length: STEPS.length + 1 }, (_, index) => ({
      when: { iteration: index + 1 },
      do: WORKS,
    })),
  }),
  {
    ...dyingAt(WITH_A_PLAN, { from: 'start' }),
    ci: true,
    name: 'after workers die while a given plan comes to its gate, it waits there as if undisturbed',
    start: { plan: join(process.cwd(), 'tests/fixtures/given-plans/checked.md') },
    ends: 'waiting/plan_approval',
    also: async (rig) => {
      expect((await rig.state()).worktree).toBeUndefined();
      expect((await rig.readPlan()).remarks.slice(0, 3)).toEqual([
        'R1 will run `test -f names.txt`',
        'R2 will run `grep -q north berths.txt`',
        expect.stringMatching(/^The plan is checked\.md .*open boxes: 2 of 3$/),
      ]);
    },
  },
  {
    ...dyingAt([first('before-iteration-ended'), first('after-iteration-ended')], {
      from: 'start',
      start: { quick: true },
      rules: [{ when: { iteration: 1 }, do: WIDENS }],
    }),
    name: 'after workers die while quick work grows, both gates wait as if undisturbed',
    also: async (rig) => {
      expect(await noticesOf(rig, 'widened')).toHaveLength(1);
      expect((await rig.state()).progress.way).toBe('full');
    },
  },
  ...ALONE.map(([point, from]) => dyingAt([point], { from })),
]);
