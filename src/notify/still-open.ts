import type { SessionView } from '../session/events/session-view.ts';
import type { Status } from '../session/events/state.ts';
import type { QueuedNotice } from './queued-notice.ts';

/** What a session must be, since the moment of the notice. */
const WHILE: Partial<Record<QueuedNotice['kind'], Status['kind']>> = {
  waiting: 'waiting',
  plan_changed: 'waiting',
  blocked: 'blocked',
  limited: 'limited',
  back_off: 'limited',
};

/** Whether what a notice is about still holds; what has simply happened always does. Pure. */
export function isStillOpen({ kind, id, at }: Pick<QueuedNotice, 'kind' | 'id' | 'at'>, view: SessionView) {
  const { status, openIteration } = view.state;
  switch (kind) {
    case 'stalled':
      return openIteration?.stalledAt !== undefined && view.worker === 'alive';
    case 'crash_loop':
      return view.worker !== 'alive' && id.endsWith(`:${view.lease?.number ?? 0}`);
    case 'queued':
      return status.kind === 'queued' && id.endsWith(`:${status.since}`);
    default: {
      const wanted = WHILE[kind];
      return wanted === undefined || (status.kind === wanted && status.since === at);
    }
  }
}
