import { expect, test } from 'vitest';
import type { CommandOf } from '../../../../src/core/session/commands/commands.ts';
import { findRewindPoint } from '../../../../src/core/session/commands/judge-rewind.ts';
import { judgeRound } from '../../../../src/core/session/commands/judge-round.ts';
import type { PullRequestChange, Round } from '../../../../src/core/session/events/bodies/positions.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import {
  describeRewoundRounds,
  newestRound,
  nextRound,
  openRound,
} from '../../../../src/core/session/events/rounds.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { type Tables, tabled } from '../../../support/film.ts';
import { CREATED, DONE, numbered, PREPARED } from './events.ts';

const CLI = { channel: 'cli' } as const;
const SETTINGS = { channel: 'settings' } as const;
const PLACE = { repository: 'github.com/fleet/boats', number: 17 };
const URL = 'https://github.com/fleet/boats/pull/17';

const round = (number: number, keys: string[]): Round => ({
  ...{ number, keys, head: `head${number}`, base: 'base', threads: [] },
});
const begun = (one: Round): NewEvent => ({
  ...{ type: 'resumed', by: SETTINGS, phase: 'implementation', resetsCounts: true, round: one },
});
const change = (more: PullRequestChange, place = PLACE): NewEvent => ({
  ...{ type: 'pull_request_changed', by: SETTINGS, ...place, change: more },
});
/** All of it at once, as at its opening. */
const seen = ({ number = PLACE.number, ...more }: PullRequestChange & { number?: number }): NewEvent =>
  change({ url: URL, state: 'open', watched: true, ...more }, { ...PLACE, number });
const OPENED = change({ url: URL, state: 'open', watched: true, pushed: 'tip0' });
const BEGINNING = [CREATED, PREPARED, DONE];

function after(...events: NewEvent[]): SessionState {
  return numbered([...BEGINNING, ...events]).reduce(fold, emptyState());
}

/** All that is known of its pull request, with its rounds in short. */
const factsOf = (state: SessionState) => ({ ...state.pullRequest, rounds: roundsOf(state) });

function roundsOf(state: SessionState): string {
  const { used = 'none', keys = [] } = state.pullRequest?.rounds ?? {};
  const [open = 'none', newest = 'none'] = [openRound(state)?.number, newestRound(state)?.number];
  return `${used} used, ${keys.join(' and ') || 'nothing'} known, ${open} open, ${newest} newest, ${nextRound(state)} next`;
}

function inShort(events: readonly NewEvent[]): string {
  const state = numbered(events).reduce(fold, emptyState());
  if (state.pullRequest === undefined) return 'no pull request';
  const { number, state: is, pushed } = state.pullRequest;
  return `${number} is ${is}, ${pushed} pushed, ${roundsOf(state)}`;
}

const known = (...events: NewEvent[]) => factsOf(after(OPENED, ...events));
const inOldLog = (...events: NewEvent[]) => factsOf(after(seen({ pushed: 'tip0' }), ...events));
const FIRST = begun(round(1, ['a']));
const SECOND = begun(round(2, ['b']));
const BOTH = begun(round(1, ['a', 'b']));
const PUBLISHED = [BOTH, DONE, change({ round: 1, pushed: 'tip1' })];
const OTHER = { ...PLACE, number: 18 };
const ASKS = change({ asks: 'why', lastSeenAt: '2026-01-08T10:00:00.000Z' });
const GOAL: NewEvent = { type: 'resumed', by: CLI, phase: 'init', resetsCounts: true, goal: 'more' };
const asked = (one: Round) => {
  const command = { by: SETTINGS, round: one } as Pick<CommandOf<'round'>, 'by' | 'round'>;
  return judgeRound(command, after(OPENED, ...PUBLISHED), { gateChannels: [] });
};

/** What is said of a rewind to before what `rest` does, and the facts after it, after its undo, and in an old log. */
function rewoundTo(before: readonly NewEvent[], rest: readonly NewEvent[]) {
  const points: NewEvent[] = [...BEGINNING, ...before];
  const events = [...points, ...rest];
  const backOf = (some: readonly NewEvent[]) => {
    const facts = { commits: new Set<string>(), beforeRewinds: new Map([[some.length + 1, 'c']]) };
    const asked = { type: 'rewind_asked', by: CLI, to: 0, commit: 'c', back: {} } as unknown as NewEvent;
    return findRewindPoint({ events: numbered([...some, asked]), kept: facts }, 'undo')?.back;
  };
  const rewind = (to: 0 | 'undo', back: unknown) =>
    [
      { type: 'rewind_asked', by: CLI, to, commit: 'c', back },
      { type: 'rewound', to, undo: { ref: 'r', commit: 'c' }, leftOut: [] },
    ] as NewEvent[];
  const back = backOf(points);
  if (back === undefined) throw new Error('There is no position.');
  const state = numbered(events).reduce(fold, emptyState());
  const rewound = [...events, ...rewind(0, back)];
  const undone = [...rewound, ...rewind('undo', backOf(events))];
  const { rounds: _, ...ofOld } = back;
  return {
    said: describeRewoundRounds(state, back),
    before: inShort(events),
    rewound: inShort(rewound),
    undone: inShort(undone),
    'in an old log': inShort([...events, ...rewind(0, ofOld)]),
  };
}

const FILMS: Tables = {
  'asks, state: a change sets what it has, clears what is null, and keeps the rest': {
    opened: known(),
    asks: known(ASKS),
    'asks no more, and is closed': known(ASKS, change({ asks: null, state: 'closed' })),
  },
  'number: a change about another pull request opens a new fact if it says enough, and nothing else does': {
    'which asks': known(FIRST, change({ asks: 'x' }, OTHER)),
    'which is open': known(FIRST, change({ url: `${URL}8`, state: 'open' }, OTHER)),
  },
  'rounds, pushed: a round is open until its work is published, and what it begins with is accepted': {
    'begun, with a head that replaced what was pushed': known(BOTH),
    'published, with threads that may be without a reply': known(...PUBLISHED),
  },
  'round_known, accepted: the number of a round and its keys are used once': {
    'a known key': asked(round(2, ['b'])),
    'a known number': asked(round(1, ['c'])),
    'a new one': asked(round(2, ['c'])),
  },
  'rounds: a new goal ends an open round and the fact about a closed pull request': {
    'in an open round': known(FIRST, DONE, GOAL),
    'after its closing': known(change({ state: 'closed' }), GOAL),
  },
  'said, rewound, undone: a rewind closes the rounds after it, their numbers stay used, and an undo opens them again':
    {
      'to before a round': rewoundTo([OPENED], [FIRST, DONE]),
      'into a round that was published, which is open again': rewoundTo(
        [OPENED, FIRST],
        [DONE, change({ round: 1, pushed: 'tip1' }), SECOND, DONE],
      ),
      'to before the pull request, which stays open': rewoundTo(
        [],
        [OPENED, FIRST, DONE, change({ round: 1 }), SECOND],
      ),
      'that leaves rounds alone': rewoundTo([OPENED], [DONE]),
      'without a pull request': rewoundTo([], []),
    },
  'rounds, asks, round, pushed, state: a log with whole facts is read as before': {
    'a round is open': inOldLog(FIRST),
    'a round is open and asks': inOldLog(FIRST, seen({ asks: 'x', pushed: 'tip0' })),
    'a round is published': inOldLog(FIRST, DONE, seen({ round: 1, pushed: 'tip1' })),
    'a second round is open': inOldLog(FIRST, DONE, seen({ round: 1 }), SECOND),
    'others were taken over in a round': inOldLog(FIRST, DONE, begun({ ...round(1, []), head: 'theirs' })),
    'it is merged': inOldLog(seen({ state: 'merged', mergeCommit: 'm' })),
    'it is another one': inOldLog(FIRST, seen({ number: 18 })),
    'it is continued by changes': inOldLog(
      ...[FIRST, DONE, seen({ asks: 'x', pushed: 'tip0' })],
      ...[change({ round: 1, pushed: 'tip1', asks: null }), SECOND],
    ),
  },
};

test('a pull request and its rounds are known as these films show', async () => {
  await expect(tabled(FILMS)).toMatchFileSnapshot('../../../golden/films/fold-pull-request.txt');
});
