import * as z from 'zod';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const WINDOWS = ['5h', '7d'] as const;
export type WindowName = (typeof WINDOWS)[number];

const LENGTH_MS: Readonly<Record<WindowName, number>> = { '5h': 5 * HOUR_MS, '7d': 7 * 24 * HOUR_MS };

/** How much of a window of a plan is used. Times are milliseconds since the epoch. */
export const UsageWindow = z.object({
  window: z.enum(WINDOWS),
  /** From 0 to 1, or a little more. */
  used: z.number(),
  endsAt: z.number(),
  seenAt: z.number(),
  /** Who said so: an agent's output or log, or the CLI, asked before a start. */
  from: z.enum(['agent', 'asked']),
});
export type UsageWindow = z.infer<typeof UsageWindow>;

/** What stays for the person, in percent of each window; absent: nothing. */
export const Keep = z.object({ '5h': z.number().optional(), '7d': z.number().optional() });
export type Keep = z.infer<typeof Keep>;

/** A window of which a person keeps the rest. `keep` is in percent. */
export const KeptWindow = UsageWindow.pick({ window: true, used: true, endsAt: true }).extend({
  provider: z.string(),
  keep: z.number(),
});
export type KeptWindow = z.infer<typeof KeptWindow>;

/** Clocks differ a little, and a service may round the end of a window up. */
const LATE_MS = 5 * MINUTE_MS;
/** An older figure may be of an earlier window. */
const FRESH_MS = 15 * MINUTE_MS;
/** More than this is another unit. */
const MOST_USED = 2;

/** How often a session that waits for a kept window asks whether the figure has fallen. */
export const KEPT_ASKS_MS = 15 * MINUTE_MS;

/**
 * Whether a figure says something about the window that runs now. Anything else is unknown, and stops nothing. Usage
 * only grows within a window, so an older figure of the same one still holds as the least that is used. Pure.
 */
export function isOfNow({ window, used, endsAt, seenAt }: UsageWindow, now: number): boolean {
  const lengthMs = LENGTH_MS[window];
  const isPossible = used >= 0 && used <= MOST_USED && seenAt <= now + LATE_MS;
  const runs = endsAt > now && endsAt - now <= lengthMs + LATE_MS;
  return isPossible && runs && (now - seenAt <= FRESH_MS || seenAt >= endsAt - lengthMs);
}

/** The windows of which less is left than the person keeps; of these, the session waits for the last to end. Pure. */
export function keptWindows<Window extends UsageWindow>(
  windows: readonly Window[],
  keep: Keep,
  now: number,
): (Window & { keep: number })[] {
  return windows.flatMap((each) => {
    const percent = keep[each.window] ?? 0;
    // Rounded: 1 - 0.9 is less than 0.1.
    const isOver = Math.round(each.used * 1e6) >= 1e6 - percent * 1e4;
    return percent > 0 && isOver && isOfNow(each, now) ? [{ ...each, keep: percent }] : [];
  });
}

/** Whether a person has said that this window may be used whole. */
export function isSameWindow(
  a: Pick<KeptWindow, 'provider' | 'window' | 'endsAt'>,
  b: Pick<KeptWindow, 'provider' | 'window' | 'endsAt'>,
): boolean {
  return a.provider === b.provider && a.window === b.window && Math.abs(a.endsAt - b.endsAt) <= LATE_MS;
}

/** `42 % of 5 hours`. */
export function usedText({ used, window }: Pick<UsageWindow, 'used' | 'window'>): string {
  return `${Math.floor(used * 100)} % of ${window === '5h' ? '5 hours' : '7 days'}`;
}

/** `claude has used 82 % of 5 hours, and 20 % is kept`. */
export function keptText(kept: readonly KeptWindow[]): string {
  return kept
    .map((each) => `${each.provider} has used ${usedText(each)}, and ${each.keep} % is kept`)
    .join('; ');
}
