import * as z from 'zod';
import { parseJson } from '../../kernel/parse-json.ts';
import { EVENT_BODIES, type EventBody, type EventType } from './bodies/event-types.ts';

/** The version of events, commands and `session.json` that this program writes; leases have a separate one. */
export const FORMAT_VERSION = 1;

/** Matches what a newer samocode wrote, whatever its other contents. */
export const NewerVersion = z.looseObject({ v: z.number().gt(FORMAT_VERSION) });

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

export type EventReading =
  | { kind: 'event'; event: SessionEvent }
  /** Written in a later format: the session can be read, not changed. */
  | { kind: 'newer'; version: number }
  /** Has a valid envelope, but an unknown type or body. If it is the next event, a newer samocode wrote it. */
  | { kind: 'unknown'; n: number; lease: number; problem: string }
  | { kind: 'malformed'; problem: string };

/** Reads one line of `events.jsonl`. Never throws. */
export function parseEvent(line: string): EventReading {
  const value = parseJson(line);
  if (value === undefined) return { kind: 'malformed', problem: 'not JSON' };
  const head = Head.safeParse(value);
  if (!head.success) return { kind: 'malformed', problem: 'no version or type' };
  if (head.data.v > FORMAT_VERSION) return { kind: 'newer', version: head.data.v };
  const schema = schemaOf(head.data.type);
  if (schema === undefined) return unread(value, `unknown type "${head.data.type.slice(0, 40)}"`);
  const event = schema.safeParse(value);
  if (!event.success) return unread(value, z.prettifyError(event.error).slice(0, 300));
  // The schema belongs to this event type, which the static type does not express.
  return { kind: 'event', event: event.data as SessionEvent };
}

function unread(value: unknown, problem: string): EventReading {
  const envelope = AnyEnvelope.safeParse(value);
  if (!envelope.success) return { kind: 'malformed', problem };
  const { n, lease } = envelope.data;
  return { kind: 'unknown', n, lease, problem };
}

export function serialiseEvent(event: SessionEvent): string {
  return `${JSON.stringify(event)}\n`;
}
