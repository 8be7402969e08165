import { expect, test } from 'vitest';
import { judgeRewind } from '../../../../src/core/session/commands/judge-rewind.ts';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';

const worktree = { path: '/w', branch: 'x', base: 'main', baseCommit: '1' };
const STOPPED = { ...emptyState(), worktree, status: { kind: 'stopped' } } as unknown as SessionState;
const kept = { commits: new Set<string>(), beforeRewinds: new Map<number, string>() };
const tookOver = (host: string, places?: object) => ({ type: 'worker_took_over', host, places });
const ENDED = { type: 'iteration_ended', iteration: 1, checkpoint: { ref: 'r', commit: 'c' } };
const REWOUND = { type: 'rewound', to: 1 };

function refusalOf(to: number | 'undo', events: readonly object[]) {
  const numbered = events.map((event, at) => ({ n: at + 1, ...event })) as SessionEvent[];
  return judgeRewind({ to }, STOPPED, { events: numbered, kept });
}

test.each([[1], [0], ['undo']] as const)(
  'a rewind to %s names the machine that alone has the checkpoint',
  (to) => {
    const events = [tookOver('mini'), ENDED, REWOUND, tookOver('mac', {})];
    expect(refusalOf(to, events)).toMatchObject({
      kind: 'refused',
      error: { code: 'checkpoint_elsewhere', message: expect.stringContaining('kept only on mini') },
    });
  },
);

test.each([
  ['the session has not moved', 1, [tookOver('mini'), ENDED, tookOver('mini')]],
  ['it was made after the move', 1, [tookOver('mini'), tookOver('mac', {}), ENDED]],
  ['there was no such iteration', 7, [tookOver('mini'), ENDED, tookOver('mac', {})]],
  ['there was no rewind', 'undo', [tookOver('mini'), ENDED, tookOver('mac', {})]],
] as const)('a missing checkpoint is nowhere else if %s', (_, to, events) => {
  expect(refusalOf(to, events)).toMatchObject({ kind: 'refused', error: { code: 'checkpoint_gone' } });
});
