import type { Notification } from '../notification.ts';
import { isQuiet, type QuietHours } from '../quiet-hours.ts';

/** More than this at once come together, in one message. */
const MANY = 5;

/**
 * What is sent next, as one message: the oldest, or where many have come together those that need the person, and then
 * all others as one. So do those that the quiet hours have held. Pure.
 */
export function nextBatch(
  open: readonly Notification[],
  quiet: QuietHours | undefined,
): readonly Notification[] {
  const needing = open.filter((one) => one.needsPerson);
  const others = open.filter((one) => !one.needsPerson);
  const held = others.filter(({ at }) => isQuiet(quiet, Date.parse(at)));
  if (open.length <= MANY && held.length < 2) return open.slice(0, 1);
  if (needing.length > MANY) return needing;
  return needing.length > 0 ? needing.slice(0, 1) : others;
}
