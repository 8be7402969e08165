import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describeEvent } from '../../../src/core/session/documents/describe-event.ts';
import { parseEvent, type SessionEvent, serialiseEvent } from '../../../src/core/session/events/events.ts';
import { fold } from '../../../src/core/session/events/fold.ts';
import { emptyState, SessionState } from '../../../src/core/session/events/state.ts';
import { stateFacts } from '../../../src/core/session/words/facts.ts';
import { stateLine } from '../../../src/core/session/words/words.ts';
import { anyLog } from '../../support/event-samples.ts';
import { type Property, property } from './property.ts';
import { anyText } from './texts.ts';

const foldAll = (events: readonly SessionEvent[], from = emptyState()) => events.reduce(fold, from);

/** A state after it was written to state.json and read back. */
const throughCache = (state: SessionState) => SessionState.parse(JSON.parse(JSON.stringify(state)));

const anyLine = fc.oneof(
  anyText,
  fc.json(),
  fc
    .record({
      v: fc.constantFrom(0, 1, 2, 1.5, '1'),
      type: fc.constantFrom('done', 'toString', '__proto__', 7),
    })
    .map((head) => JSON.stringify(head)),
);

const anyEvent = anyLog.filter((log) => log.length > 0).map((log) => log[0] as SessionEvent);

export const eventsProperties: Property[] = [
  property('reading a line of the log never throws, whatever it contains', anyLine, (line) => {
    assert(['event', 'newer', 'malformed'].includes(parseEvent(line).kind));
  }),
  property('an event is one line and is read back unchanged', anyEvent, (event) => {
    const line = serialiseEvent(event);
    assert.equal(line.indexOf('\n'), line.length - 1);
    assert.deepEqual(parseEvent(line), { kind: 'event', event });
  }),
  property(
    'an event with a changed byte does not throw',
    fc.tuple(anyEvent, fc.nat(), fc.nat(255)),
    (input) => {
      const [event, at, byte] = input;
      const bytes = Buffer.from(serialiseEvent(event));
      bytes[at % bytes.length] = byte;
      parseEvent(bytes.toString('utf8'));
    },
  ),
  property(
    'a fold from any cache equals the fold from the start',
    fc.tuple(anyLog, fc.nat()),
    ([log, at]) => {
      const cut = at % (log.length + 1);
      const cached = throughCache(foldAll(log.slice(0, cut)));
      assert.deepEqual(throughCache(foldAll(log.slice(cut), cached)), throughCache(foldAll(log)));
    },
  ),
  property('every state matches its schema, and can be shown', anyLog, (log) => {
    const state = foldAll(log);
    assert.deepEqual(throughCache(state), JSON.parse(JSON.stringify(state)));
    assert.equal(state.n, log.length);
    stateLine(stateFacts(state));
  }),
  property('folding does not change the given state', anyLog, (log) => {
    let state = emptyState();
    for (const event of log) {
      const before = JSON.stringify(state);
      const after = fold(state, event);
      assert.equal(JSON.stringify(state), before);
      state = after;
    }
  }),
  property('every event is described in one line or not at all', anyEvent, (event) => {
    const text = describeEvent(event);
    assert(text === undefined || (!/[\r\n]/.test(text) && text.length <= 500));
  }),
];
