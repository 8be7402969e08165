import { expect, test } from 'vitest';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import { run } from '../../../../src/core/kernel/phases/verdict.ts';
import {
  describeBy,
  describeEvent,
  type EventWording,
} from '../../../../src/core/session/documents/describe-event.ts';
import type { NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { describeSandbox } from '../../../../src/core/session/words/facts.ts';
import { CREATED } from './events.ts';

const lineOf = (event: NewEvent, wording: EventWording = {}) => {
  const head = { v: 1, n: 1, at: '2026-01-08T10:00:00.000Z', lease: 3 };
  return describeEvent({ ...head, ...event } as SessionEvent, wording);
};

test('an approval by tool is described as one by the parent model', () => {
  const plan = { name: 'plan.md', hash: 'h' };
  const by = { channel: 'tool', client: 'claude-code' } as const;
  expect(lineOf({ type: 'plan_approved', by, plan, phase: 'implementation' })).toBe(
    'plan plan.md approved by the parent model alone (claude-code)',
  );
});

test('in plain words, a line names neither a process nor a rule', () => {
  const worker = { pid: 7, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' };
  const started = { worker, version: '1', previous: 'none', recovery: 'nothing' } as const;
  const plain = { isPlain: true };
  expect(lineOf({ type: 'worker_took_over', ...started }, plain)).toBe('worker 3: started');
  const blocked = { rule: 'no_progress', needs: 'guidance', reason: 'It stands still.' } as const;
  expect(lineOf({ type: 'blocked', phase: 'planning', ...blocked }, plain)).toBe('blocked: It stands still.');
});

test('the description names the actor for every channel', () => {
  const words = CHANNELS.map((channel) => describeBy({ channel }));
  expect(new Set(words).size).toBe(CHANNELS.length);
  expect(words.filter((text) => text.startsWith('a person'))).toHaveLength(5);
});

test('an act in an unconfirmed tab of the page says so', () => {
  const by = { channel: 'web', client: 'without a guard', unconfirmed: true } as const;
  expect(describeBy(by)).toBe('a person, in the browser (without a guard), unconfirmed');
  expect(describeBy({ channel: 'web' })).toBe('a person, in the browser');
});

test('a takeover names how the previous worker ended and how an open iteration is handled', () => {
  const worker = { pid: 7, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' };
  const recovery = {
    recovery: 'adopt',
    why: 'the child of iteration 4 still runs',
    truncatedBytes: 12,
  } as const;
  expect(lineOf({ type: 'worker_took_over', worker, version: '1', previous: 'died', ...recovery })).toBe(
    'worker 3 on pid 7: the previous worker died; adopt: the child of iteration 4 still runs; 12 bytes of a torn line cut off',
  );
});

test('the reason of an agent that continues is in its line', () => {
  const signal = {
    status: 'continue',
    phase: 'testing',
    reason: 'one proposal: a constant\nis renamed',
  } as const;
  const decision = run('testing');
  const end = { iteration: 9, phase: 'implementation', ending: 'signalled', exitCode: 0 } as const;
  const rest = { signalNotes: [], changed: true, treeChanged: true, cost: {}, durationMs: 1, flowLines: [] };
  expect(lineOf({ type: 'iteration_ended', ...end, ...rest, signal, decision })).toBe(
    'iteration 9 ended; next testing (one proposal: a constant is renamed)',
  );
});

test('a multi-line text from an agent becomes one line, and a long one is cut', () => {
  expect(lineOf({ type: 'done', summary: 'one\r\n\u2028two\tthree' })).not.toMatch(/[\r\n\u2028]/);
  const long = lineOf({ type: 'done', summary: 'x'.repeat(9000) });
  expect([long?.length, long?.at(-1)]).toEqual([500, '…']);
});

test('the acceptance of a command has no line, its work has one', () => {
  expect(lineOf({ type: 'command_accepted', id: 'C', kind: 'stop', by: { channel: 'cli' } })).toBeUndefined();
  expect(lineOf({ type: 'stop_requested', by: { channel: 'cli' }, when: 'now' })).toBe(
    'stop requested by a person, in the terminal (now)',
  );
});

test.each([
  ['linux', 'home is not there', 'guard'],
  ['darwin', 'your home folder can be read', 'guard, objects open'],
])('the guard of a machine with %s is described by what it holds there', (platform, home, brief) => {
  const created = { ...CREATED, sandbox: 'guard', platform } as NewEvent;
  expect(lineOf(created)).toBe(`session created, sandbox: guard - ${home}, the network is open`);
  const worker = { pid: 7, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' };
  const tookOver = { type: 'worker_took_over', worker, version: '1', platform } as NewEvent;
  const head = {
    v: 2,
    n: 1,
    at: '2026-01-08T10:00:00.000Z',
    lease: 1,
    previous: 'none',
    recovery: 'nothing',
  };
  const state = [tookOver, created].reduce(
    (before, event) => fold(before, { ...head, ...event } as SessionEvent),
    emptyState(),
  );
  expect(describeSandbox(state)).toBe(brief);
});
