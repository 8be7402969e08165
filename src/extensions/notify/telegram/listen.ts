import type { ActionContext } from '../../../core/caller/context/context.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { supervisorEnvironment } from '../../../core/sandbox/programs/launch-supervisor.ts';
import { failureText, isCallError, sendingFailure } from './bot-api.ts';
import { Phone } from './phone.ts';
import type { TelegramChat } from './telegram-chat.ts';

/** Telegram's long-poll time. */
const POLL_SECONDS = 25;
const KINDS = ['message', 'callback_query'] as const;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** A set-up may read the bot's messages instead for this time. */
const SET_UP_MS = 10 * 60_000;
const POLLED_MS = 10 * 60_000;
const AWAY_MS = 3_600_000;
/** Limits the log, since anyone can write to a bot. */
const MAX_LOGGED = 100;

export interface Listening {
  chat: TelegramChat;
  context: Omit<ActionContext, 'by'>;
  /** Written by a set-up, which reads the messages itself. */
  setUpPath: string;
  /** Whether the settings still configure this chat. */
  isCurrent: () => Promise<boolean>;
  say: (text: string) => void;
}

/**
 * Carries out what the person does in the chat, until aborted, or until the settings or a set-up of the bot change.
 * Only the supervisor does this, because Telegram gives each update to one reader. An update is recorded before it is
 * acted on, so none is acted on twice.
 */
export async function listenToTelegram(
  { chat, context, setUpPath, isCurrent, say }: Listening,
  signal: AbortSignal,
): Promise<void> {
  const { clock, env, home } = context;
  const { api, sent, settings } = chat;
  const logged = new Set<string>();
  const report = (text: string) => {
    if (logged.has(text) || logged.size >= MAX_LOGGED) return;
    logged.add(text);
    say(text);
  };
  let lastProblem: string | undefined;
  const by = { channel: 'phone', client: 'telegram' } as const;
  // Workers started from here get none of the bot's settings.
  const acting = { ...context, env: supervisorEnvironment(env, home), by, isBrief: settings.isBrief };
  const phone = new Phone(chat, report);
  const mayRead = async () =>
    clock.now() - (statsAt(setUpPath)?.mtimeMs ?? 0) >= SET_UP_MS && (await isCurrent());
  for (let waitMs = 0; !signal.aborted; ) {
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
    if (!(await mayRead())) return;
    try {
      const { offset, polledAt } = await sent.read();
      const wasAway = clock.now() - Date.parse(polledAt) > AWAY_MS;
      const updates = await api.getUpdates({ offset, timeout: POLL_SECONDS, allowed_updates: KINDS }, signal);
      for (const update of updates) {
        if (update.update_id < offset) continue;
        // Permissions may have changed since; the next listener reads the same updates.
        if (!(await mayRead())) return;
        await sent.change(
          (state) => Object.assign(state, { offset: update.update_id + 1 }),
          (state) => Object.assign(state, { offset: update.update_id }),
        );
        // A failed update, for example from a deleted chat, does not stop the others.
        await phone.handleUpdate(update, { context: acting, signal, wasAway }).catch((error: unknown) => {
          if (!signal.aborted) report(`telegram: ${problemText(error)}`);
        });
      }
      if (clock.now() - Date.parse(polledAt) > POLLED_MS)
        await sent.change((state) => {
          state.polledAt = isoUtc(clock.now());
        });
      waitMs = 0;
      lastProblem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const problem = problemText(error);
      if (problem !== lastProblem) say(`telegram: ${problem}`);
      lastProblem = problem;
      waitMs = nextWaitMs(error, waitMs);
    }
  }
}

/** Our own text for errors of calls, because theirs may contain the token. */
function problemText(error: unknown): string {
  if (isCallError(error)) return failureText(sendingFailure(error)).why;
  return error instanceof Error ? error.message : String(error);
}

function nextWaitMs(error: unknown, before: number): number {
  const failure = isCallError(error) ? sendingFailure(error) : undefined;
  if (failure?.kind === 'slow_down') return failure.retryAfterMs;
  if (failure?.kind === 'bad_token') return LONGEST_WAIT_MS;
  return Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, before * 2));
}
