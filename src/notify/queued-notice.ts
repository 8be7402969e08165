import * as z from 'zod';
import { NEEDS_PERSON, NOTIFIED_KINDS, type NotifiedKind } from './notification.ts';

/** One line of `queue.jsonl`: a change worth a notification. The same `id` twice is the same change. */
export const QueuedNotice = z.object({
  v: z.literal(1),
  /** `<session id>:<event number>`, `:crash_loop:<lease number>` or `:queued:<since>`. */
  id: z.string(),
  /** ISO time of the change. */
  at: z.string(),
  kind: z.enum(NOTIFIED_KINDS),
  session: z.string(),
  /** Of `group_done`: the group that the session is the last of. */
  group: z.string().optional(),
  sessionsDir: z.string(),
  text: z.string(),
});
export type QueuedNotice = z.infer<typeof QueuedNotice>;

export function kindNeedsPerson(kind: NotifiedKind): boolean {
  return NEEDS_PERSON.some((one) => one === kind);
}
