import { counted, inWords } from '../../../core/kernel/text.ts';
import type { SeenComment } from '../../../core/session/events/bodies/positions.ts';
import { type Comment, isBySamocode } from '../forge/github-answers.ts';
import {
  type ForgeCheck,
  isCheckRunning,
  type PullRequestDetails,
  type Review,
  type ReviewThread,
} from '../forge/pull-request-answers.ts';

/** A comment or review that no round has covered yet. */
export interface Remark {
  key: string;
  comment: Comment | Review;
  /** Absent for a review. */
  thread?: ReviewThread;
}

export interface Feedback {
  checks: readonly ForgeCheck[];
  remarks: readonly Remark[];
  conflict: boolean;
  /** One for each failed check, each remark and the conflict. */
  keys: readonly string[];
}

/**
 * The feedback since the last round, once no check is running.
 * @param remarks as returned by `remarksIn` @param known the keys of earlier rounds
 */
export function newFeedback(
  { state, head, base, mergeable, checks }: PullRequestDetails,
  remarks: readonly Remark[],
  known: readonly string[],
): Feedback | undefined {
  if (state !== 'open') return undefined;
  const isNew = (key: string) => !known.includes(key);
  const failed = relevantChecks(checks).filter((check) => check.state === 'failed' && isNew(checkKey(check)));
  const conflictKey = `conflict:${short(head)}:${short(base)}`;
  const conflict = mergeable === 'CONFLICTING' && isNew(conflictKey);
  const keys = [
    ...failed.map(checkKey),
    ...remarks.map(({ key }) => key),
    ...(conflict ? [conflictKey] : []),
  ];
  return keys.length === 0 ? undefined : { checks: failed, remarks, conflict, keys };
}

export function hasRunningCheck({ checks }: Pick<PullRequestDetails, 'checks'>, nowMs: number): boolean {
  return relevantChecks(checks).some((check) => isCheckRunning(check, nowMs));
}

/** The required checks, or all of them if the base branch requires none. */
function relevantChecks(checks: readonly ForgeCheck[]): readonly ForgeCheck[] {
  const required = checks.filter(({ isRequired }) => isRequired);
  return required.length > 0 ? required : checks;
}

function checkKey({ head, name, attempt }: ForgeCheck): string {
  return `check:${short(head)}:${name}:${attempt}`;
}

function short(commit: string): string {
  return commit.slice(0, 12);
}

/**
 * The reviews that request changes, then the comments in open threads, without samocode's own and those that a
 * round has covered. A review counts until its author gives another verdict.
 * @param known the keys of earlier rounds
 * @param trusted the logins that may steer agents now; only others of them can edit what they wrote
 * @returns `held`: those that no agent reads, as they are recorded for the person
 */
export function remarksIn(
  { threads, reviews }: Pick<PullRequestDetails, 'threads' | 'reviews'>,
  known: readonly string[],
  trusted: ReadonlySet<string>,
): { remarks: Remark[]; held: SeenComment[] } {
  const open = threads.filter(({ isResolved }) => !isResolved);
  const ofThreads = open.flatMap((thread) =>
    thread.comments.map((comment) => ({ key: `thread:${comment.id}`, comment, thread })),
  );
  const verdicts = new Map<string, Review>();
  for (const review of reviews) if (VERDICTS.has(review.state)) verdicts.set(review.author.login, review);
  const requesting = [...verdicts.values()].filter(({ state }) => state === 'CHANGES_REQUESTED');
  const ofReviews = requesting.map((comment) => ({ key: `review:${comment.id}`, comment }));
  const all: Remark[] = [...ofReviews, ...ofThreads];
  const fresh = all.filter(({ key, comment }) => !isBySamocode(comment) && !known.includes(key));
  const mayStart = ({ comment }: Remark) => trusted.has(comment.author.login);
  const strangers = fresh.filter((each) => !mayStart(each)).slice(-MAX_REMARKS);
  const held = strangers.map(({ key, comment: { author, url, editedAt, createdAt } }) => ({
    ...{ key, by: author.login, url, at: editedAt ?? createdAt, held: 'stranger' as const },
  }));
  return { remarks: fresh.filter(mayStart).slice(-MAX_REMARKS), held };
}

const VERDICTS: ReadonlySet<Review['state']> = new Set(['APPROVED', 'CHANGES_REQUESTED', 'DISMISSED']);
/** Only the newest are kept; no one reads more. */
const MAX_REMARKS = 200;

const KINDS = { check: 'failed check', thread: 'comment', review: 'review', conflict: 'conflict' } as const;

/** What a round is about, by the keys that started it: `1 failed check and 2 comments`. Contains no text by others. */
export function describeKeys(keys: readonly string[]): string {
  const parts = Object.entries(KINDS).flatMap(([kind, what]) => {
    const count = keys.filter((key) => key.startsWith(`${kind}:`)).length;
    return count === 0 ? [] : [counted(count, what)];
  });
  return inWords(parts, 'and');
}
