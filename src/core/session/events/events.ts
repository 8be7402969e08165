import * as z from 'zod';
import { parseJson } from '../../kernel/parse-json.ts';
import { EVENT_BODIES, type EventBody, type EventType } from './bodies/event-types.ts';
import { FORMAT_VERSION } from './bodies/format.ts';
import { fromFormat1 } from './format-1.ts';

export const Envelope = z.object({
  v: z.literal(FORMAT_VERSION),
  /** Counts from 1 without gaps: determines the order, regardless of the clock. */
  n: z.int().positive(),
  at: z.iso.datetime(),
  lease: z.int().nonnegative(),
  /** Text of the overview's flow line, when the event has one. */
  flow: z.string().optional(),
  /** On every event of a commit except its last: an incomplete commit does not count. */
  more: z.literal(true).optional(),
});
type Envelope = z.infer<typeof Envelope>;

export type NewEvent = { [T in EventType]: { type: T; flow?: string } & EventBody<T> }[EventType];
export type SessionEvent = { [T in EventType]: Envelope & { type: T } & EventBody<T> }[EventType];
export type EventOf<T extends EventType> = Extract<SessionEvent, { type: T }>;

const schemas = new Map<string, z.ZodType>();

/** Created when the first event of its type is read: creating a schema costs fifty times as much as using it. */
function schemaOf(type: string): z.ZodType | undefined {
  if (!Object.hasOwn(EVENT_BODIES, type)) return undefined;
  const made = schemas.get(type);
  if (made !== undefined) return made;
  // `hasOwn` has checked that it is an EventType.
  const body = EVENT_BODIES[type as EventType];
  const schema = Envelope.extend({ type: z.literal(type), ...body.shape });
  schemas.set(type, schema);
  return schema;
}

const Head = z.looseObject({ v: z.number(), type: z.string() });

/** The envelope without its version, of an event whose body this program does not know. */
const AnyEnvelope = z.looseObject(Envelope.omit({ v: true, flow: true }).shape);

/**
 * The trace of a samocode whose events this one does not know, or which kept them elsewhere, in the folder `trace`.
 * Nothing from there on counts.
 */
export interface OtherBuild {
  is: 'newer' | 'older' | 'elsewhere';
  trace: string;
}

export type EventReading =
  | { kind: 'event'; event: SessionEvent }
  /** Written in a later format: the session can be read, not changed. */
  | { kind: 'newer'; version: number }
  /** Has a valid envelope, but an unknown type or body. If it is the next event, another samocode wrote it. */
  | { kind: 'unknown'; is: 'newer' | 'older'; n: number; lease: number; problem: string }
  | { kind: 'malformed'; problem: string };

/** Reads one line of `events.jsonl`. Never throws. */
export function parseEvent(line: string): EventReading {
  const value = parseJson(line);
  if (value === undefined) return { kind: 'malformed', problem: 'not JSON' };
  const head = Head.safeParse(value);
  if (!head.success) return { kind: 'malformed', problem: 'no version or type' };
  const { v } = head.data;
  if (v > FORMAT_VERSION) return { kind: 'newer', version: v };
  const current = v < FORMAT_VERSION ? fromFormat1(head.data) : head.data;
  const schema = schemaOf(current.type);
  if (schema === undefined) return unread(head.data, `unknown type "${current.type.slice(0, 40)}"`);
  const event = schema.safeParse(current);
  if (!event.success) return unread(head.data, z.prettifyError(event.error).slice(0, 300));
  // The schema belongs to this event type, which the static type does not express.
  return { kind: 'event', event: event.data as SessionEvent };
}

function unread(value: z.infer<typeof Head>, problem: string): EventReading {
  const envelope = AnyEnvelope.safeParse(value);
  if (!envelope.success) return { kind: 'malformed', problem };
  const { n, lease } = envelope.data;
  return { kind: 'unknown', is: value.v < FORMAT_VERSION ? 'older' : 'newer', n, lease, problem };
}

export function serialiseEvent(event: SessionEvent): string {
  return `${JSON.stringify(event)}\n`;
}
