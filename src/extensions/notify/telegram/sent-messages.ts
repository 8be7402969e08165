import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { plainJson } from '../../../core/kernel/files/plain-file.ts';

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
  /** Without those of an earlier version about what can no longer be asked. */
  sent: z.array(z.unknown()).transform((all) => all.flatMap((one) => SentMessage.safeParse(one).data ?? [])),
});
type State = z.infer<typeof State>;

const MAX_SENT = 400;
const KEPT_MS = 30 * 24 * 3_600_000;

/** `telegram.json` of the supervisor: sent messages that can still be answered. Only the supervisor writes it. */
export class SentMessages {
  readonly #path: string | undefined;
  readonly #clock: Clock;
  #state: State | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, path?: string) {
    this.#path = path;
    this.#clock = clock;
  }

  async read(): Promise<State> {
    if (this.#state !== undefined) return this.#state;
    const found = this.#path === undefined ? undefined : await plainJson(this.#path, State);
    const at = isoUtc(this.#clock.now());
    this.#state ??= found ?? { v: 1, offset: 0, polledAt: at, sent: [] };
    return this.#state;
  }

  async change(change: (state: State) => void): Promise<void> {
    const state = await this.read();
    change(state);
    const oldest = isoUtc(this.#clock.now() - KEPT_MS);
    state.sent = state.sent.filter(({ at }) => at > oldest).slice(-MAX_SENT);
    await this.#write();
  }

  /** Writes run one at a time, because an older state written last would repeat handled updates. */
  async #write(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    const written = this.#writing.then(() =>
      writeWhole(path, `${JSON.stringify(this.#state)}\n`, { mode: 0o600 }),
    );
    this.#writing = written.catch(() => undefined);
    await written;
  }

  async find(wanted: (sent: SentMessage) => boolean): Promise<SentMessage[]> {
    return (await this.read()).sent.filter(wanted);
  }
}

export function newKey(): string {
  return randomBytes(6).toString('base64url');
}
