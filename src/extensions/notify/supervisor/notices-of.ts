import { DYING } from '../../../core/caller/facts/recent-revivals.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { describeEvent } from '../../../core/session/documents/describe-event.ts';
import type { EventOf, SessionEvent } from '../../../core/session/events/events.ts';
import { WIDENED } from '../../../core/session/events/fold.ts';
import { OVERAGE } from '../../../core/session/events/fold-spent.ts';
import { viewFacts } from '../../../core/session/words/facts.ts';
import { stateLine } from '../../../core/session/words/words.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { WatchedSession } from '../../../core/supervisor/session.ts';
import type { QueuedNotice } from '../notice/queued-notice.ts';

type View = WatchedSession['view'];

/** A longer outage, or a longer time queued, is worth a notification. */
const LONG_OUTAGE_MS = 10 * 60_000;
const LONG_QUEUED_MS = 30 * 60_000;
/** A longer time without a suitable machine is worth a notification; pool machines often leave and return. */
const LONG_UNMET_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;

/** Notices that follow from the state and not from an event: a crash loop, a long time queued or without a machine. */
export function currentNotices(
  { view, waits, isDying }: WatchedSession,
  sessionId: string,
  nowMs: number,
): QueuedNotice[] {
  const { status } = view.state;
  const common = { v: 1 as const, at: isoUtc(nowMs), ...noticeSession(view) };
  const notices: QueuedNotice[] = [];
  if (isDying) {
    const id = `${sessionId}:crash_loop:${view.lease?.number ?? 0}`;
    const text = `${DYING}: see worker.stderr in ${view.paths.runDir}.`;
    notices.push({ ...common, id, kind: 'crash_loop', text });
  }
  if (waits.for === 'turn' && status.kind === 'queued' && nowMs - Date.parse(status.since) > LONG_QUEUED_MS) {
    const id = `${sessionId}:queued:${status.since}`;
    const text = `queued since ${status.since}: ${status.reason}`;
    notices.push({ ...common, id, kind: 'queued', text });
  }
  const { unmetRequirements: unmet, acquiredAt: since = '' } = view.lease ?? {};
  if (unmet !== undefined && view.worker === 'unknowable' && nowMs - Date.parse(since) > LONG_UNMET_MS) {
    const text = `No machine of the pool has ${unmet.join(' and ')}. Let one that has it join, or install it on one: "samocode pool status".`;
    notices.push({ ...common, id: `${sessionId}:lacks:${since}`, kind: 'queued', text });
  }
  return notices;
}

/** The notices that an event of a session causes. Pure. */
export function noticesOf(
  event: SessionEvent,
  { view }: WatchedSession,
  { sessionId, sessions }: Pick<Scan, 'sessions'> & { sessionId: string },
): QueuedNotice[] {
  const group = view.sessionFile?.group;
  const isRest = event.type === 'done' || event.type === 'stopped' || event.type === 'blocked';
  const ofGroup =
    group !== undefined && isRest ? groupNotice(event.at, view, { group, sessions }) : undefined;
  if (ofGroup !== undefined && event.type !== 'blocked') return ofGroup;
  const kind = kindOf(event, view);
  if (kind === undefined) return [];
  const text = describeEvent(event) ?? kind;
  // A blocked session needs a person, whatever happens to its group.
  return [
    ...(ofGroup ?? []),
    { v: 1, id: `${sessionId}:${event.n}`, at: event.at, kind, ...noticeSession(view), text },
  ];
}

export function noticeSession({ folder, paths }: View) {
  return { session: folder, sessionsDir: paths.sessionsDir };
}

const NOTICE_KINDS = new Map<string, QueuedNotice['kind']>([
  ...(['stalled', 'main_checkout_moved', 'answer_changed', 'fallback'] as const).map(
    (code) => [code, code] as const,
  ),
  [OVERAGE, 'budget'],
  [WIDENED, 'widened'],
]);

function kindOf(event: SessionEvent, { sessionFile, state }: View): QueuedNotice['kind'] | undefined {
  switch (event.type) {
    case 'parked':
      return isPlanChanged(event, state) ? 'plan_changed' : 'waiting';
    case 'blocked':
    case 'done':
      return event.type;
    case 'limited':
      if (event.outage === undefined) return 'limited';
      return sessionFile && becomesLong(event, event.outage.asksAt, sessionFile.settings.retryHours)
        ? 'back_off'
        : undefined;
    case 'budget_warned':
      return 'budget';
    case 'worker_took_over':
      return event.previous === 'died' ? 'revived' : undefined;
    case 'pull_request_changed': {
      const { state = 'open', unseen, asks } = event.change;
      return state === 'open' && !unseen && !asks ? undefined : 'pull_request';
    }
    case 'notice':
      return NOTICE_KINDS.get(event.code);
    default:
      return undefined;
  }
}

/** Whether the plan has changed since its approval. */
function isPlanChanged({ plan }: EventOf<'parked'>, { approvedPlan }: View['state']): boolean {
  return plan !== undefined && approvedPlan !== undefined && plan.hash !== approvedPlan.hash;
}

/** Whether the outage becomes a long one during this wait. */
function becomesLong({ at, until }: EventOf<'limited'>, asksAt: number, retryHours: number): boolean {
  const beganMs = asksAt - retryHours * HOUR_MS;
  return Date.parse(at) - beganMs <= LONG_OUTAGE_MS && until - beganMs > LONG_OUTAGE_MS;
}

/** One notification for a group, sent when the last of its sessions has ended or is blocked. */
function groupNotice(
  at: string,
  view: View,
  { group, sessions }: Pick<Scan, 'sessions'> & { group: string },
): QueuedNotice[] {
  const { sessionsDir } = view.paths;
  const members = [...sessions.values()]
    .map((session) => session.view)
    .filter(({ paths, sessionFile }) => paths.sessionsDir === sessionsDir && sessionFile?.group === group)
    .filter((one) => !one.state.archived || one.folder === view.folder);
  const kindOfOne = ({ state }: View) => state.status.kind;
  const others = members.filter((one) => kindOfOne(one) !== 'done');
  const done = members.length - others.length;
  const last = members.toSorted(byEnd).at(-1);
  const isAtRest = others.every((one) => kindOfOne(one) === 'stopped' || kindOfOne(one) === 'blocked');
  if (last?.sessionFile === undefined || done === 0 || !isAtRest) return [];
  const rest = others.map((one) => `${one.folder} ${stateLine(viewFacts(one))}`);
  const text = [`${done} of ${members.length} done`, ...rest].join('; ');
  // Sessions are read one by one, so the event being read might not be the one that ended the last session.
  const id = `${last.sessionFile.id}:group:${last.state.status.since}`;
  return [{ v: 1, id, at, kind: 'group_done', group, ...noticeSession(last), text }];
}

function byEnd(a: View, b: View): number {
  return (
    Date.parse(a.state.status.since) - Date.parse(b.state.status.since) || (a.folder < b.folder ? -1 : 1)
  );
}
