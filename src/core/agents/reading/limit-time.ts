/** "at 3:07 PM", "at Nov 23rd, 2026 9:08 AM": local time without a zone, which is also the worker's. */
const AT = /(?:try again|resets?|available) at (?:(\w{3} \d{1,2}\w{2}, \d{4}),? )?(\d{1,2}:\d{2} ?[AP]M)\b/i;

/** "after 21h53m56s", "in 3 days 2 hours", "in 45 seconds". */
const AFTER =
  /(?:try again|retry|resets?|available) (?:after|in) ((?:\d{1,6} ?[a-z]{1,7}[, ]{0,2}(?:and )?){1,4})/i;

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^d(?:ays?)?$/i, 86_400_000],
  [/^h(?:ours?|rs?)?$/i, 3_600_000],
  [/^m(?:in(?:ute)?s?)?$/i, 60_000],
  [/^s(?:ec(?:ond)?s?)?$/i, 1000],
];

/**
 * Reads the end of a usage limit from a vendor's message: Codex "… or try again at 3:06 PM." (2026-11-20) and, for
 * plans that it does not know, "Try again at 3:07 PM." (hive-mind#1874); Gemini CLI "Your quota will reset after
 * 21h53m56s." (gemini-cli#26840).
 * @returns milliseconds since the epoch; undefined if the message names no time
 */
export function limitEndIn(message: string, now: number): number | undefined {
  const [, date, time] = AT.exec(message) ?? [];
  if (time !== undefined) return endAt(date, time, now);
  const parts = [...(AFTER.exec(message)?.[1] ?? '').matchAll(/(\d{1,6}) ?([a-z]{1,7})/gi)];
  const ms = parts.flatMap(([, count, word = '']) => {
    const unit = UNITS.find(([name]) => name.test(word))?.[1];
    return unit === undefined ? [] : [Number(count) * unit];
  });
  return ms.length === 0 ? undefined : now + ms.reduce((sum, each) => sum + each, 0);
}

function endAt(date: string | undefined, time: string, now: number): number | undefined {
  const day = date?.replace(/(\d)(?:st|nd|rd|th),/, '$1,') ?? new Date(now).toDateString();
  const at = Date.parse(`${day} ${time.replace(/ ?([AP]M)$/i, ' $1')}`);
  if (Number.isNaN(at)) return undefined;
  // Seconds are truncated, not rounded.
  const end = at + 60_000;
  // A bare time that has passed today means tomorrow.
  return date === undefined && end <= now ? end + 24 * 3_600_000 : end;
}
