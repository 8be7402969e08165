import fc from 'fast-check';
import { CHANNELS } from '../../src/core/kernel/phases/channels.ts';
import type { SessionState, Status } from '../../src/core/session/events/state.ts';
import { STATES } from './session-states.ts';

const since = '2026-01-08T10:00:00.000Z';
const blocked = (rule: string): Status => ({
  ...{ kind: 'blocked', since, needs: 'human_decision', rule, reason: 'x' },
});
const STATUSES: readonly Status[] = [
  ...STATES.map(([, { view }]) => view.state.status),
  {
    ...{ kind: 'waiting', since, for: 'plan_approval', resumePhase: 'implementation' },
    ...{ openQuestions: [], unconfirmed: [], plan: { name: 'plan.md', hash: 'f'.repeat(64) } },
  },
  ...['git_programs_changed', 'auth', 'budget', 'stalled'].map(blocked),
  {
    ...{ kind: 'limited', since, until: Date.parse(since), guessed: false },
    kept: [],
  },
];

const by = { channel: 'cli' } as const;
const WORK: readonly NonNullable<SessionState['work']>[] = [
  { kind: 'merge', by, into: 'main', effects: [] },
  { kind: 'unarchive', by, effects: [] },
  { kind: 'publish', by, what: 'pull_request', effects: [] } as never,
  { kind: 'rewind', isHalfway: true } as never,
  { kind: 'rewind' } as never,
];
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Whoever can send a command, but the settings, which act without a person. */
export const personsArbitrary = fc.record(
  {
    channel: fc.constantFrom(...CHANNELS.filter((each) => each !== 'settings')),
    person: fc.constant('ben'),
    unconfirmed: fc.constant(true as const),
  },
  { requiredKeys: ['channel'] },
);

export const rulesArbitrary = fc.record(
  { gateChannels: fc.subarray([...CHANNELS]), gatePeople: fc.constant(['anna']) },
  { requiredKeys: ['gateChannels'] },
);

/** States of sessions, also such as no log gives: a judge must hold in all of them. */
export const statesArbitrary = fc
  .record({
    status: fc.constantFrom(...STATUSES),
    base: fc.constantFrom(...STATES.map(([, { view }]) => view.state)),
    changed: fc.record(
      {
        archived: fc.boolean(),
        work: maybe(fc.constantFrom(...WORK)),
        createdAt: maybe(fc.constant(since)),
        prepared: fc.boolean(),
        stopWanted: maybe(fc.constant({ by, when: 'now' as const })),
        openIteration: maybe(fc.constant({ iteration: 1 } as never)),
        worktree: maybe(fc.constant({ path: '/w', branch: 'b', base: 'main', baseCommit: 'c' })),
        resumedByModel: maybe(fc.constantFrom('stalled', 'budget', 'auth').map((rule) => [rule])),
        messages: fc.constant({ waiting: [{ id: 'm', line: 'x' }], unacknowledged: [] } as never),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ status, base, changed }): SessionState => ({ ...base, ...changed, status }));
