import * as z from 'zod';
import { stampsAt } from '../../../core/kernel/files/stamps.ts';
import type { Status } from '../../../core/session/events/state.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { viewFacts } from '../../../core/session/words/facts.ts';
import { stateText } from '../../../core/session/words/words.ts';
import {
  blockedDetails,
  type Details,
  doneDetails,
  keptDetails,
  pullRequestDetails,
  queuedDetails,
  waitingDetails,
} from './details.ts';

const Change = z.object({
  /**
   * `<session id>:<event number>`, `:crash_loop:<lease number>`, `:queued:<since>`, `:lacks:<since>` or
   * `:disk:<since>`; or as a part named it. Equal ids mean the same change.
   */
  id: z.string(),
  at: z.string(),
  /** For `recurring_paused`: the name of what recurs. */
  session: z.string(),
  /** For `group_done`: the group whose last session this is. */
  group: z.string().optional(),
  sessionsDir: z.string(),
  text: z.string(),
});
type Change = z.infer<typeof Change>;

interface Kind {
  /** The person has to act: it is sent in quiet hours, too. */
  needsPerson?: true;
  /** Its message in Telegram has the buttons of its session. */
  hasButtons?: true;
  /** One line: our own text, plus the names of session and project. */
  title: (change: Change, now: { view?: SessionView | undefined; project: string }) => string;
  /** What is said below the title; if absent or undefined, the text of the notice. */
  details?: (view: SessionView) => Promise<Details | undefined> | Details | undefined;
  /** Whether it still holds; without it, it is about a past event, which always does. Pure. */
  holds?: (change: Pick<Change, 'id' | 'at'>, view: SessionView) => boolean;
}

/** Everything that the person is notified of. */
const KINDS = {
  waiting: {
    needsPerson: true,
    title: titleOfState('needs you'),
    details: waitingDetails,
    holds: whileIn('waiting'),
  },
  blocked: {
    needsPerson: true,
    hasButtons: true,
    title: titleOfState('needs you'),
    details: blockedDetails,
    holds: whileIn('blocked'),
  },
  stalled: {
    needsPerson: true,
    hasButtons: true,
    title: ({ session }) => `${session} shows no sign of life`,
    holds: (_, { state, worker }) => state.openIteration?.stalledAt !== undefined && worker === 'alive',
  },
  crash_loop: {
    needsPerson: true,
    hasButtons: true,
    title: ({ session }) => `${session} is in a crash loop: its worker keeps dying`,
    holds: ({ id }, { worker, lease }) => worker !== 'alive' && id.endsWith(`:${lease?.number ?? 0}`),
  },
  disk: {
    needsPerson: true,
    title: ({ session }) => `${session} waits for its disk`,
    holds: (_, { worker }) => worker === 'alive',
  },
  main_checkout_moved: {
    needsPerson: true,
    hasButtons: true,
    title: ({ session }, { project }) => `The main checkout of ${project} changed while ${session} ran`,
  },
  plan_changed: {
    needsPerson: true,
    hasButtons: true,
    title: ({ session }) => `${session} changed its approved plan and waits for your approval`,
    details: waitingDetails,
    holds: whileIn('waiting'),
  },
  recurring_paused: {
    needsPerson: true,
    title: ({ session }) => `${session} is paused: nothing more of it starts`,
  },
  limited: {
    title: titleOfState('waits and retries'),
    details: keptDetails,
    holds: whileIn('limited'),
  },
  back_off: { title: titleOfState('waits and retries'), holds: whileIn('limited') },
  budget: { title: ({ session }) => `${session} is close to a limit of its budget` },
  queued: {
    title: (change, { view }) =>
      view?.lease?.unmetRequirements
        ? titleOfState('')(change, { view })
        : `${change.session} has been queued for a long time`,
    details: queuedDetails,
    holds: ({ id }, { state: { status }, lease }) =>
      id.includes(':lacks:')
        ? lease?.unmetRequirements !== undefined && id.endsWith(`:${lease.acquiredAt}`)
        : status.kind === 'queued' && id.endsWith(`:${status.since}`),
  },
  done: { title: ({ session }) => `${session} is done`, details: doneDetails },
  group_done: { title: ({ group }) => `No session of group ${group} is running anymore` },
  revived: { title: ({ session }) => `${session} continues after its worker died` },
  answer_changed: { title: ({ session }) => `${session}: a recorded answer was changed in the file` },
  fallback: { title: ({ session }) => `${session} continues with another provider` },
  widened: { title: ({ session }) => `${session} grew beyond quick: questions and a plan come after all` },
  pull_request: {
    title: ({ session }, { view }) => `${session}: its pull request ${pullRequestNow(view)}`,
    details: pullRequestDetails,
  },
} satisfies Record<string, Kind>;

export type NotifiedKind = keyof typeof KINDS;

// The keys of KINDS, which TypeScript gives as strings.
export const NOTIFIED_KINDS = Object.keys(KINDS) as NotifiedKind[];

/** A change to notify the person about, before it is worded. */
export const Notice = Change.extend({ kind: z.enum(NOTIFIED_KINDS) });
export type Notice = z.infer<typeof Notice>;

export function kindRow(kind: NotifiedKind): Kind {
  return KINDS[kind];
}

/** Whether a notice still holds. Pure. */
export function stillHolds(notice: Pick<Notice, 'kind' | 'id' | 'at'>, view: SessionView): boolean {
  return kindRow(notice.kind).holds?.(notice, view) ?? true;
}

/** Whether the session is still in the status that it came into by the event of the notice. */
function whileIn(kind: Status['kind']) {
  return ({ at }: Pick<Change, 'at'>, { state: { status } }: SessionView) =>
    status.kind === kind && status.since === at;
}

/** @param unread what is said of a session that cannot be read */
function titleOfState(unread: string) {
  return ({ session }: Change, { view }: { view?: SessionView | undefined }) => {
    const when = (time: string) => `at ${stampsAt(Date.parse(time)).minute}`;
    return `${session} ${view === undefined ? unread : stateText(viewFacts(view), { when }).predicate}`;
  };
}

function pullRequestNow(view: SessionView | undefined): string {
  const { pullRequest } = view?.state ?? {};
  if (pullRequest === undefined) return 'has changed';
  const { number, state, unseen, asks } = pullRequest;
  const how = unseen ? 'cannot be read' : asks ? 'needs you' : `is ${state}`;
  return `#${number} ${how}`;
}
