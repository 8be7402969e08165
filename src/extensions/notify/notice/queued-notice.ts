import * as z from 'zod';
import type { Status } from '../../../core/session/events/state.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { NEEDS_PERSON, NOTIFIED_KINDS, type NotifiedKind } from './notification.ts';

/** One line of `queue.jsonl`: a change to notify the person about. Equal ids mean the same change. */
export const QueuedNotice = z.object({
  v: z.literal(1),
  /** `<session id>:<event number>`, `:crash_loop:<lease number>`, `:queued:<since>`, `:lacks:<since>` or `:disk:<since>`; or as a part named it. */
  id: z.string(),
  at: z.string(),
  kind: z.enum(NOTIFIED_KINDS),
  /** For `recurring_paused`: the name of what recurs. */
  session: z.string(),
  /** For `group_done`: the group whose last session this is. */
  group: z.string().optional(),
  sessionsDir: z.string(),
  text: z.string(),
});
export type QueuedNotice = z.infer<typeof QueuedNotice>;

export function kindNeedsPerson(kind: NotifiedKind): boolean {
  return NEEDS_PERSON.some((one) => one === kind);
}

/** The status that a session must still have for the notice to hold. */
const WHILE: Partial<Record<QueuedNotice['kind'], Status['kind']>> = {
  waiting: 'waiting',
  plan_changed: 'waiting',
  blocked: 'blocked',
  limited: 'limited',
  back_off: 'limited',
};

/** Whether a notice still holds; a notice of a past event always does. Pure. */
export function isStillOpen({ kind, id, at }: Pick<QueuedNotice, 'kind' | 'id' | 'at'>, view: SessionView) {
  const { status, openIteration } = view.state;
  switch (kind) {
    case 'stalled':
      return openIteration?.stalledAt !== undefined && view.worker === 'alive';
    case 'disk':
      return view.worker === 'alive';
    case 'crash_loop':
      return view.worker !== 'alive' && id.endsWith(`:${view.lease?.number ?? 0}`);
    case 'queued':
      return id.endsWith(`:${status.since}`)
        ? status.kind === 'queued'
        : view.lease?.unmetRequirements !== undefined && id.endsWith(`:${view.lease.acquiredAt}`);
    default: {
      const wanted = WHILE[kind];
      return wanted === undefined || (status.kind === wanted && status.since === at);
    }
  }
}
