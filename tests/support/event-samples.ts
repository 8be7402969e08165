import fc from 'fast-check';
import { EVENT_BODIES, type EventType } from '../../src/core/session/events/bodies/event-types.ts';
import { parseEvent, type SessionEvent, serialiseEvent } from '../../src/core/session/events/events.ts';
import { arbitraryOf } from './arbitrary-of.ts';
import { createdEvent } from './session-file-sample.ts';
import { STARTED } from './work-events.ts';

const BODIES = Object.entries(EVENT_BODIES);

/** Any event of any type, without its number and lease. */
const anyBody = fc.oneof(
  ...BODIES.map(([type, schema]) => arbitraryOf(schema).map((body) => ({ type: type as EventType, body }))),
);

// A clock may jump both ways between two events.
const anyAt = fc
  .date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());

const anyStep = fc.record({
  event: anyBody,
  at: anyAt,
  flow: fc.option(fc.string(), { nil: undefined }),
  newWorker: fc.boolean(),
});

/** A valid log: numbers without gaps from 1, leases that only grow, events of any type in any order. */
export const anyLog: fc.Arbitrary<SessionEvent[]> = fc.array(anyStep, { maxLength: 25 }).map((steps) => {
  let lease = 1;
  return steps.map(({ event, at, flow, newWorker }, index) => {
    lease += Number(newWorker);
    const envelope = { v: 2, n: index + 1, at, lease, ...(flow !== undefined && { flow }) };
    return asEvent({ ...envelope, type: event.type, ...(event.body as object) });
  });
});

/** A plausible log of `count` events, the same every time: iterations, each with a command before it. */
export function plainLog(count: number): SessionEvent[] {
  return Array.from({ length: count }, (_, index) => plainEvent(index + 1));
}

export function textOf(events: readonly SessionEvent[]): string {
  return events.map(serialiseEvent).join('');
}

const FIRST_MS = Date.UTC(2026, 0, 8, 10);

function plainEvent(n: number): SessionEvent {
  const envelope = { v: 2, n, at: new Date(FIRST_MS + n * 1000).toISOString(), lease: 1 };
  if (n === 1) return asEvent({ ...envelope, ...createdEvent() });
  const iteration = Math.ceil((n - 1) / 3);
  switch (n % 3) {
    case 2: {
      const id = `01KEE${String(n).padStart(21, '0')}`;
      return asEvent({ ...envelope, type: 'command_accepted', id, kind: 'message', by: { channel: 'cli' } });
    }
    case 0:
      return asEvent({
        ...envelope,
        ...STARTED,
        iteration,
        phase: 'implementation',
        log: `01-08-1000-${iteration}-implementation.jsonl`,
        timeLimitMs: 1_800_000,
      });
    default:
      return asEvent({
        ...envelope,
        type: 'iteration_ended',
        iteration: iteration - 1,
        phase: 'implementation',
        ending: 'signalled',
        exitCode: 0,
        signal: { status: 'continue', phase: 'implementation' },
        signalNotes: [],
        decision: { kind: 'run', phase: 'implementation', notes: [], delay: 'none' },
        changed: true,
        treeChanged: true,
        cost: { usd: 0.25, inputTokens: 1200, outputTokens: 300 },
        durationMs: 60_000,
        lastAction: 'The names of boats are read from the file',
        next: 'Show them in the list',
        flowLines: [`- [${iteration} @ 01-08 10:00] Names of boats are read`],
      });
  }
}

function asEvent(value: object): SessionEvent {
  const reading = parseEvent(JSON.stringify(value));
  if (reading.kind !== 'event') throw new Error(`No event: ${JSON.stringify({ reading, value })}`);
  return reading.event;
}
