import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { NOTIFIED_KINDS } from '../notice/kinds.ts';
import { StateFile } from '../state-file.ts';

const Where = z.object({ sessionsDir: z.string(), session: z.string() });
export type Where = z.infer<typeof Where>;

/** The subject of a message's buttons and replies. */
export const AskedAbout = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('question'), id: z.string(), hash: z.string() }),
  /** The open questions that have a suggestion, each with its hash and the suggestion. */
  z.object({
    kind: z.literal('suggestions'),
    answers: z.array(z.object({ id: z.string(), hash: z.string(), text: z.string() })),
  }),
  z.object({ kind: z.literal('plan'), hash: z.string() }),
  /** A request to reply with what to change. */
  z.object({ kind: z.literal('changes'), hash: z.string() }),
  z.object({ kind: z.literal('session') }),
]);
export type AskedAbout = z.infer<typeof AskedAbout>;

const Button = z.object({ text: z.string(), choice: z.string() });
export type Button = z.infer<typeof Button>;

const SentMessage = z.object({
  /** Identifies the message in the data of its buttons, which is limited to 64 bytes and not trusted. */
  key: z.string(),
  chat: z.number(),
  message: z.number(),
  at: z.string(),
  /** Id of the notification; absent for a reply to a command. */
  notification: z.string().optional(),
  /** Its kind, and when the change happened; absent in messages of an earlier version. */
  kind: z.enum(NOTIFIED_KINDS).optional(),
  changedAt: z.string().optional(),
  where: Where.optional(),
  about: AskedAbout,
  text: z.string(),
  hasDocument: z.boolean(),
  buttons: z.array(z.array(Button)),
  settled: z.string().optional(),
});
export type SentMessage = z.infer<typeof SentMessage>;

const State = z.object({
  v: z.literal(1),
  /** The first update not yet handled. */
  offset: z.int(),
  /** ISO time of the last poll for updates; written at most every ten minutes. */
  polledAt: z.string(),
  /** Without messages of an earlier version that ask for what this one does not know. */
  sent: z.array(z.unknown()).transform((all) => all.flatMap((one) => SentMessage.safeParse(one).data ?? [])),
});
type State = z.infer<typeof State>;

const MAX_SENT = 400;
const KEPT_MS = 30 * 24 * 3_600_000;

/** `telegram.json` of the supervisor: the first update not yet handled, and the messages of the last 30 days. */
export type SentMessages = StateFile<State>;

export function openSentMessages(clock: Pick<Clock, 'now'>, path?: string): SentMessages {
  return new StateFile(path, State, () => ({ v: 1, offset: 0, polledAt: isoUtc(clock.now()), sent: [] }));
}

export async function keepSent(messages: SentMessages, one: SentMessage): Promise<void> {
  const oldest = isoUtc(Date.parse(one.at) - KEPT_MS);
  await messages.change((state) => {
    state.sent = [...state.sent, one].filter(({ at }) => at > oldest).slice(-MAX_SENT);
  });
}

export function newKey(): string {
  return randomBytes(6).toString('base64url');
}
