import { expect, test } from 'vitest';
import { nowText, statusDetail } from '../../src/session/documents/now.ts';
import { emptyState, type Status } from '../../src/session/events/state.ts';
import { sessionFileSample } from '../support/session-file-sample.ts';

const since = '2026-01-08T10:00:00.000Z';

test('the current state is one small line', () => {
  const status: Status = {
    kind: 'blocked',
    since,
    reason: 'Tests need a key',
    needs: 'human_decision',
    rule: 'child',
  };
  const state = { ...emptyState(), status, cost: { usd: 1.5 } };
  const text = nowText(sessionFileSample(), state, 'reads a file');
  expect(text.indexOf('\n')).toBe(text.length - 1);
  expect(JSON.parse(text)).toEqual({
    session: '26-01-08-x',
    status: 'blocked',
    detail: 'Tests need a key',
    phase: 'init',
    iteration: 0,
    total: 0,
    activity: 'reads a file',
    since,
    costUsd: 1.5,
  });
});

test('a stop that is on its way stands beside the status', () => {
  const stopWanted = { by: { channel: 'cli' }, when: 'after_iteration' } as const;
  const state = { ...emptyState(), status: { kind: 'running', since } as const, stopWanted };
  expect(JSON.parse(nowText(sessionFileSample(), state)).detail).toBe('stops after this iteration');
});

test.each<[Status, string | undefined]>([
  [{ kind: 'running', since }, undefined],
  [{ kind: 'starting', since }, undefined],
  [{ kind: 'queued', since, reason: 'no place' }, 'no place'],
  [{ kind: 'limited', since, until: Date.UTC(2026, 0, 8, 15), guessed: false }, '2026-01-08T15:00:00.000Z'],
  [{ kind: 'limited', since, until: 1e300, guessed: true }, '9999-12-31T23:59:59.999Z'],
  [
    {
      ...{ kind: 'limited', since, until: Date.UTC(2026, 0, 8, 15), guessed: true },
      outage: { kind: 'network', asksAt: Date.UTC(2026, 0, 9, 3) },
    },
    'the provider cannot be reached; next try at 2026-01-08T15:00:00.000Z, asks the user after 2026-01-09T03:00:00.000Z',
  ],
  [
    { kind: 'stopped', since, by: { channel: 'cli' }, why: 'asked for' },
    'a person, in the terminal: asked for',
  ],
  [{ kind: 'done', since, summary: 'All boats have names' }, 'All boats have names'],
])('the detail of %o is %s', (status, detail) => {
  expect(statusDetail(status)).toBe(detail);
});
