import { isoUtc } from '../../kernel/clock.ts';
import { duration } from '../../kernel/durations.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import type { OutageKind } from '../../kernel/phases/ending.ts';
import type { Phase, WaitingFor, Way } from '../../kernel/phases/table.ts';
import { keptText } from '../../kernel/phases/usage-windows.ts';
import { isLower } from '../../kernel/sandbox-level.ts';
import { describeBy, openedBy } from '../documents/describe-event.ts';
import type { Finishing } from '../events/bodies/finishing.ts';
import type { PullRequestFact, SeenComment } from '../events/bodies/positions.ts';
import type { RecurringRun, SessionFile } from '../events/bodies/session-file.ts';
import type { OtherBuild } from '../events/events.ts';
import { endNow } from '../events/open-work.ts';
import { lastRound } from '../events/rounds.ts';
import type { SessionState, Status } from '../events/state.ts';
import { isLost, needsHuman } from '../folder/session-list.ts';
import type { SessionView } from '../folder/session-view.ts';
import { shortId } from '../layout/names.ts';
import { leftOpen, NO_CHECK, redBeforeText } from '../proof/proof-limits.ts';

export interface SeenPullRequest
  extends Pick<PullRequestFact, 'number' | 'url' | 'state' | 'watched' | 'unseen' | 'asks' | 'missing'> {
  since: string;
  /** ISO time of the last poll that saw it. */
  seenAt?: string;
  /** The newest round that was begun. */
  round?: number;
  /** Comments that no agent reads, and why; the person decides about them. */
  held?: Pick<SeenComment, 'by' | 'url' | 'held'>[];
}

export interface StateFacts {
  state: Status['kind'];
  since: string;
  archived?: true;
  for?: WaitingFor;
  openQuestions?: string[];
  /** The session asks about its checks: they fail before any work, or an agent has changed them. */
  about?: 'checks';
  /**
   * The time or condition of its beginning, if it has not begun: `starts after boats and at 2026-11-23 23:00
   * (Europe/Berlin)`.
   */
  starts?: string;
  by?: string;
  /** ISO time of the next attempt after a usage limit or an outage. */
  until?: string;
  /** The kind of outage that the session waits out, and the ISO time after which the user is asked. */
  outage?: OutageKind;
  asksAt?: string;
  /** What a person keeps, if it waits for that: `claude has used 82 % of 5 hours, and 20 % is kept`. */
  kept?: string;
  /** A pending stop takes effect when the current agent has ended, or at once. */
  stops?: 'after_iteration' | 'now';
  /** What the end in progress does; a merge is in `merge`. */
  finishing?: Exclude<Finishing['kind'], 'merge'>;
  /** The reason why the last attempt to publish it failed. */
  unpublished?: string;
  /** The merge of its branch into `into`. */
  merge?: { into: string; outcome: 'under_way' | 'merged' | 'failed' };
  /** The pull request of its branch, as the forge last described it; `since`: ISO time of that state. */
  pullRequest?: SeenPullRequest;
  phase: Phase;
  /** Absent: full. */
  way?: Exclude<Way, 'full'>;
  /** How many there are so far, and how many of them are of the current phase. */
  iteration: number;
  phaseIteration: number;
  says?: Says;
}

/** Texts from an agent, a person or a file about the state: quoted, never an instruction. */
export interface Says {
  /** Why it waits, is queued, blocked or stopped. */
  reason?: string;
  /** The file that it waits for. */
  file?: string;
  needs?: string;
  summary?: string;
  /** Why quick work needs questions and a plan after all. */
  way?: string;
  last_action?: string;
  /** The next step that the last agent announced. */
  next?: string;
}

/** Said of a plan wherever it is shown for a decision. */
export const NO_QUESTION = 'No agent had a question.';

/** One session according to its files. */
export interface ViewFacts extends StateFacts {
  session: string;
  group?: string;
  /** The recurring session that started it, and for which time or commit: `nightly, run of Mon 11-23 02:00`. */
  recurring?: string;
  /** The machine of the pool that has it, if not this one; `pool`: none yet; `parked`: none until a person takes it. */
  host?: string;
  /** The requirements that no available machine of the pool meets: `codex and guard`. */
  lacks?: string;
  /** Five characters that identify it in every command. */
  id: string;
  /** A condition that `state` does not express: the session cannot be read, seen or started. */
  condition?: 'unreadable' | OtherBuild['is'] | 'unseen' | 'lost';
  createdAt?: string;
  needsHuman: boolean;
  task?: string;
  branch?: string;
  base?: string;
  worktree?: string;
  /** The address of its application while the services run for a person. */
  app?: string;
  sandbox?: string;
  /** Why the machine may sleep while it works: a sentence. */
  awake?: string;
  /** How long it stood still, asleep: `5 h 50 min, until 11-30 07:00`. */
  slept?: string;
  /** The gaps in its checks: it has none, or they also fail before the work. */
  checks?: string;
  proofFacts?: ProofFact;
  /**
   * The committer, if set in the start's environment: `Ada <ada@example.org> (from the environment at the start)`.
   */
  commitsAs?: string;
  /**
   * The people or programs that opened its gates: `answers by a person, by phone; plan by the parent model alone
   * (codex)`.
   */
  gates?: string;
  /** The machines of a pool on which its agents worked: `mini, studio`. */
  workedOn?: string;
  sessionDir: string;
  runDir: string;
  costUsd?: number;
  problems?: string[];
}

/** `no`: nothing counts; `partly`: `open` names the gaps. */
export interface ProofFact {
  how: 'yes' | 'partly' | 'no';
  /** The number of commands that passed; for `no`, the number that are set. */
  checks: number;
  in: 'clone' | 'worktree';
  /** `reviewed`: those that are met only by a review. */
  requirements?: { total: number; met: number; reviewed: number };
  open?: string;
}

/** Who has a session of a pool, if not this machine: a host's name, or AUTO_ASSIGN. */
export function poolHost({ sessionFile, worker, lease }: SessionView): string | undefined {
  return sessionFile?.pool && worker === 'unknowable' ? lease?.owner.hostId : undefined;
}

export function viewFacts(view: SessionView): ViewFacts {
  const { state, sessionFile, paths, problems, folder } = view;
  const { worktree } = state;
  return {
    session: folder,
    group: sessionFile?.group,
    recurring: sessionFile?.recurring && describeRecurring(sessionFile.recurring),
    host: poolHost(view),
    lacks: view.worker === 'unknowable' ? view.lease?.unmetRequirements?.join(' and ') : undefined,
    id: shortId(folder),
    ...stateFacts(state, view.lastPoll),
    condition: conditionOf(view),
    createdAt: state.createdAt,
    needsHuman: needsHuman(view),
    task: (state.goal ?? sessionFile?.task ?? sessionFile?.dive) || undefined,
    branch: worktree?.branch,
    base: worktree?.base,
    // Archiving removed the worktree.
    worktree: state.archived ? undefined : worktree?.path,
    app: view.appUrl,
    sandbox: describeSandbox(state),
    awake: state.sleep?.isHeld === false && state.status.kind !== 'done' ? state.sleep.text : undefined,
    slept: describeSlept(state),
    checks: describeChecks(view),
    proofFacts: proofFact(view),
    commitsAs: describeAuthor(sessionFile),
    gates: describeGates(state),
    workedOn: state.workedOn?.join(', '),
    sessionDir: paths.sessionDir,
    runDir: paths.runDir,
    costUsd: state.cost.usd,
    problems: problems.length > 0 ? problems : undefined,
  };
}

/** Names a run of a recurring session; its time is local. */
export function describeRecurring({ name, run }: RecurringRun): string {
  // A hash can begin with digits, which Date.parse reads as a year.
  const ms = /^\d{4}-\d\d-\d\dT/.test(run) ? Date.parse(run) : Number.NaN;
  if (Number.isNaN(ms)) return `${name}, commit ${run.slice(0, 8)}`;
  const day = new Date(ms).toLocaleDateString('en', { weekday: 'short' });
  return `${name}, run of ${day} ${stampsAt(ms).log}`;
}

/** Describes who opened the gates; undefined before the first is open. */
export function describeGates({
  answers,
  approvedPlan,
  progress,
  startedBy,
}: Pick<SessionState, 'answers' | 'approvedPlan' | 'progress' | 'startedBy'>): string | undefined {
  const answered = [...new Set(answers.map(({ by }) => openedBy(by)))].join(' and ');
  const approved = approvedPlan && openedBy(approvedPlan.by);
  if (answered !== '' && answered === approved) return `answers and plan by ${answered}`;
  const isQuick = progress.way === 'quick' && startedBy !== undefined;
  const parts = [
    isQuick && `started without questions and a plan by ${openedBy(startedBy)}`,
    answered && `answers by ${answered}`,
    approved && `plan by ${approved}`,
  ];
  return parts.filter(Boolean).join('; ') || undefined;
}

function conditionOf(view: SessionView): ViewFacts['condition'] {
  if (view.isUnreadable) return 'unreadable';
  if (view.otherBuild !== undefined) return view.otherBuild.is;
  if (view.isUnseen) return 'unseen';
  return isLost(view) ? 'lost' : undefined;
}

export function stateFacts(state: SessionState, polls?: SessionView['lastPoll']): StateFacts {
  const { status, progress, stopWanted, work, lastMerge, lastPublish } = state;
  const { says, ...about } = statusFacts(state);
  const way = status.kind === 'done' ? undefined : state.widened;
  const texts = Object.entries({ ...says, way }).filter(([, text]) => text);
  const end = endNow(state);
  const isUnpublished =
    lastPublish?.what === 'pull_request' &&
    (lastPublish.outcome === 'left' || lastPublish.outcome === 'failed');
  return {
    state: status.kind,
    since: status.since,
    archived: state.archived || undefined,
    ...about,
    stops: stopWanted?.when,
    finishing: end === 'merge' ? undefined : end,
    unpublished: isUnpublished ? lastPublish.summary : undefined,
    merge:
      work?.kind === 'merge'
        ? { into: work.into, outcome: 'under_way' }
        : lastMerge && {
            into: lastMerge.into,
            outcome: lastMerge.outcome === 'merged' ? 'merged' : 'failed',
          },
    pullRequest: pullRequestFacts(state, polls),
    phase: progress.phase,
    way: progress.way === 'full' ? undefined : progress.way,
    iteration: progress.totalIterations,
    phaseIteration: progress.phaseIteration,
    says: texts.length > 0 ? Object.fromEntries(texts) : undefined,
  };
}

function pullRequestFacts(
  session: Pick<SessionState, 'pullRequest'>,
  polls: SessionView['lastPoll'],
): SeenPullRequest | undefined {
  const { pullRequest } = session;
  if (pullRequest === undefined) return undefined;
  const { number, url, state, watched, unseen, asks, missing, since, words = [] } = pullRequest;
  const held = words.flatMap(({ by, url: at, held: why }) => (why ? [{ by, url: at, held: why }] : []));
  const round = lastRound(session);
  const seenAt = [polls?.seenAt, pullRequest.lastSeenAt].filter(Boolean).sort().at(-1);
  return {
    number,
    url,
    state,
    watched,
    unseen,
    asks,
    missing,
    since,
    ...(seenAt !== undefined && { seenAt }),
    ...(round > 0 && { round }),
    ...(held.length > 0 && { held }),
  };
}

/** What its status alone says, and the texts about it. */
function statusFacts(state: SessionState): Partial<StateFacts> {
  const { status, asks } = state;
  switch (status.kind) {
    case 'starting':
    case 'running':
      return { says: lastTexts(state) };
    case 'queued': {
      const reason = status.order ? undefined : status.reason;
      return { starts: status.order && status.reason, says: { reason, ...lastTexts(state) } };
    }
    case 'waiting': {
      const { for: waitsFor, file, openQuestions, unasked } = status;
      const reason = [status.reason, unasked && NO_QUESTION].filter(Boolean).join(' ');
      return {
        for: waitsFor,
        openQuestions: openQuestions.length > 0 ? openQuestions : undefined,
        about: asks?.some(({ kind }) => kind === 'weakened') ? 'checks' : undefined,
        says: { reason, file },
      };
    }
    case 'limited':
      return {
        until: isoUtc(status.until),
        outage: status.outage?.kind,
        asksAt: status.outage && isoUtc(status.outage.asksAt),
        kept: status.kept && keptText(status.kept),
        says: lastTexts(state),
      };
    case 'blocked': {
      const { reason, needs, rule } = status;
      return { about: rule === 'base_checks' ? 'checks' : undefined, says: { reason, needs } };
    }
    case 'stopped':
      return { by: describeBy(status.by), says: { reason: status.why } };
    case 'done':
      return { says: { summary: status.summary } };
    default:
      return status satisfies never;
  }
}

/** What the last agent did; its next step, unless the session has moved on since. */
function lastTexts({ status, lastIteration }: SessionState): Says {
  if (lastIteration === undefined) return {};
  const { lastAction, next, endedAt } = lastIteration;
  return { last_action: lastAction, next: status.since > endedAt ? undefined : next };
}

function describeSlept({ slept }: SessionState): string | undefined {
  if (slept === undefined) return undefined;
  const until = `until ${stampsAt(Date.parse(slept.until)).log}`;
  const times = slept.times === 1 ? '' : ` in ${slept.times} times`;
  return `${duration(slept.ms)}${times}, ${until}`;
}

/** The committer, if the environment at the start names one; git's settings decide for all other sessions. */
function describeAuthor(file: Pick<SessionFile, 'settings'> | undefined): string | undefined {
  const identity = file?.settings.gitIdentity;
  if (identity === undefined) return undefined;
  const { GIT_AUTHOR_NAME: author, GIT_AUTHOR_EMAIL: address } = identity;
  const { GIT_COMMITTER_NAME: name = author, GIT_COMMITTER_EMAIL: email = address } = identity;
  const who = [name, email && `<${email}>`].filter(Boolean).join(' ');
  return who ? `${who} (from the environment at the start)` : undefined;
}

/** The level in force, in a few words; undefined before the session was created. */
export function describeSandbox({
  sandbox,
  platform = process.platform,
}: Pick<SessionState, 'sandbox' | 'platform'>): string | undefined {
  if (sandbox === undefined) return undefined;
  // Only bubblewrap can give an agent a git folder separate from the repository's.
  const hasOwnGitFolder = !isLower(sandbox, 'best effort') && platform === 'linux';
  const level = sandbox === 'best effort' ? 'best effort (agents are root)' : sandbox;
  return hasOwnGitFolder ? level : `${level}, objects open`;
}

/** Names the gaps in a session's checks in a few words; undefined if there are none. */
function describeChecks({
  state,
  sessionFile,
}: Pick<SessionView, 'state' | 'sessionFile'>): string | undefined {
  const { proved, baseChecks, status } = state;
  const checks = state.checks ?? sessionFile?.settings.checks;
  if (checks?.length === 0) return NO_CHECK;
  const open = proved && leftOpen(proved);
  if (open !== undefined) return open;
  if (baseChecks?.result !== 'red' || status.kind === 'done') return undefined;
  return redBeforeText(baseChecks);
}

/** The proof of the last commit; undefined before the session is done. */
export function proofFact({
  state,
  sessionFile,
}: Pick<SessionView, 'state' | 'sessionFile'>): ProofFact | undefined {
  const { status, proved, requirementChecks: checks = [] } = state;
  if (status.kind !== 'done') return undefined;
  const { in: place = 'clone' } = state.proving ?? sessionFile?.settings.proving ?? {};
  if (proved === undefined)
    return { how: 'no', checks: (state.checks ?? sessionFile?.settings.checks ?? []).length, in: place };
  const open = describeChecks({ state, sessionFile });
  const met = checks.filter((check) => !proved.redAfter?.includes(check));
  const reviewed = met.filter((check) => check === 'reviewed').length;
  return {
    how: open === undefined ? 'yes' : 'partly',
    checks: proved.commands.length - [...(proved.redAfter ?? []), ...(proved.unsteady ?? [])].length,
    in: place,
    requirements: checks.length > 0 ? { total: checks.length, met: met.length, reviewed } : undefined,
    open,
  };
}
