import { join } from 'node:path';
import type { SessionView } from '../session/events/session-view.ts';
import type { LimitedStatus, Status } from '../session/events/state.ts';
import { isLost } from '../session/session-list.ts';
import { isContinuedBy } from '../session/status.ts';

/** What a session waits for, and with that what wakes it: the supervisor then starts a worker. */
export type Waits =
  /** Done, stopped, archived, or of the original tool: whoever acts on it starts its worker. */
  | { for: 'nothing' }
  /** Its worker lives. Its end wakes. */
  | { for: 'its_worker' }
  /** Its worker has died, or left work behind. A start wakes, later each time, and not after too many. */
  | { for: 'revival' }
  /** Commands were left and their sender has started no worker. Two seconds wake. */
  | { for: 'commands' }
  /** A usage limit or an outage. Its end wakes, by the wall clock. */
  | { for: 'limit'; limit: LimitedStatus }
  /** A slot, or a new day of MAX_COST_USD_PER_DAY. Its turn wakes. */
  | { for: 'turn' }
  /** A person's edit of a file: all answers, the awaited file, another `Phase:` line. A change of its text wakes. */
  | { for: 'edit'; files: string[] }
  /** Only `samocode resume` or `takeover`: it is another supervisor's, or nothing of it can be judged from here. */
  | { for: 'person'; why: 'other_supervisor' | 'unseen' | 'lost' | 'newer' };

/** What wakes a session without a worker that has no work left behind, by its status. */
const WHILE_PARKED: {
  [K in Status['kind']]: (view: SessionView, status: Extract<Status, { kind: K }>) => Waits;
} = {
  // Without work that a worker would do, its log is gone or was moved aside.
  starting: () => ({ for: 'person', why: 'lost' }),
  running: () => ({ for: 'person', why: 'lost' }),
  queued: () => ({ for: 'turn' }),
  limited: (_view, limit) => ({ for: 'limit', limit }),
  waiting: ({ paths }, { for: waitsFor, file }) => {
    const files = [paths.overview];
    if (waitsFor === 'qa_answers') files.push(paths.qa);
    if (waitsFor === 'file_update' && file !== undefined) files.push(join(paths.sessionDir, file));
    return { for: 'edit', files };
  },
  blocked: ({ paths }) => ({ for: 'edit', files: [paths.overview] }),
  stopped: () => ({ for: 'nothing' }),
  done: () => ({ for: 'nothing' }),
};

/** Pure: the whole table. */
export function waitsFor(view: SessionView, identity: string): Waits {
  const { state, isForeign, pendingCommands, wantsWorker, lease } = view;
  if (isForeign) return { for: 'nothing' };
  if (view.newer !== undefined) return { for: 'person', why: 'newer' };
  if (isLost(view)) return { for: 'person', why: 'lost' };
  if (view.worker === 'alive') return { for: 'its_worker' };
  if (!wantsWorker && (state.archived || isOver(state.status))) return { for: 'nothing' };
  if (view.worker === 'unknowable') return { for: 'person', why: 'unseen' };
  if (!isContinuedBy(lease, identity)) return { for: 'person', why: 'other_supervisor' };
  if (pendingCommands.length > 0) return { for: 'commands' };
  if (wantsWorker) return { for: 'revival' };
  return parked(view);
}

function parked(view: SessionView): Waits {
  const { status } = view.state;
  // The row of a kind takes its own status, which a look-up cannot say.
  return (WHILE_PARKED[status.kind] as (view: SessionView, status: Status) => Waits)(view, status);
}

function isOver({ kind }: Status): boolean {
  return kind === 'done' || kind === 'stopped';
}
