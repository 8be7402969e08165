import * as z from 'zod';
import { parseJson } from '../../base/parse-json.ts';
import { EVENT_BODIES, type EventBody, type EventType } from './bodies/event-types.ts';

/** The version of events, commands and `session.json` that this program writes; leases have one of their own. */
export const FORMAT_VERSION = 1;

/** What a newer samocode wrote, whatever else stands in it. */
export const NewerVersion = z.looseObject({ v: z.number().gt(FORMAT_VERSION) });

export const Envelope = z.object({
  v: z.literal(FORMAT_VERSION),
  /** Counts from 1 without gaps: the order, whatever the clock says. */
  n: z.int().positive(),
  at: z.iso.datetime(),
  lease: z.int().nonnegative(),
  /** Text of the overview's flow line, when the event has one. */
  flow: z.string().optional(),
  /** On every event of a commit but its last: without the rest none of them counts. */
  more: z.literal(true).optional(),
});
type Envelope = z.infer<typeof Envelope>;

export type NewEvent = { [T in EventType]: { type: T; flow?: string } & EventBody<T> }[EventType];
export type SessionEvent = { [T in EventType]: Envelope & { type: T } & EventBody<T> }[EventType];
export type EventOf<T extends EventType> = Extract<SessionEvent, { type: T }>;

const schemas = new Map<string, z.ZodType>();

/** Made once, when the first event of its type is read: a schema costs fifty times what it takes to use it. */
function schemaOf(type: string): z.ZodType | undefined {
  if (!Object.hasOwn(EVENT_BODIES, type)) return undefined;
  const made = schemas.get(type);
  if (made !== undefined) return made;
  // It is one of ours, as was just asked.
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
  /** Of a later format: the session may be looked at, not changed. */
  | { kind: 'newer'; version: number }
  /** Numbered as ours are, but of another type or body. Where it is the next one, a newer samocode wrote it. */
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
  // The map's schema is the one of this type, which its own type no longer says.
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
