import { join } from 'node:path';
import { transcriptPage } from '../../../core/acts/reading/read-transcript.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import {
  branchOfSession,
  type SessionBranch,
  unlessGitFails,
} from '../../../core/caller/context/session-branch.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { keptText } from '../../../core/kernel/phases/usage-windows.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { type CommitPair, type DiffBetween, diffsBetween } from '../../../core/project/worktrees/changes.ts';
import { describeDecision } from '../../../core/session/documents/describe-event.ts';
import type { EventOf, SessionEvent } from '../../../core/session/events/events.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { stateText } from '../../../core/session/words/words.ts';
import type { ReportDiff, ReportGap, ReportIteration, TranscriptPiece } from '../html/report-data.ts';

/** The newest iterations come first. */
const ALL_TRANSCRIPTS_CHARS = 500_000;
/** The end of a raw log that is read for a page. */
const TAIL_BYTES = 24 * 1024;

/** Collects all recorded iterations, oldest first. One that was restarted after a crash is listed once. */
export async function reportIterations(
  view: SessionView,
  { events, now }: Recorded,
  context: ActionContext,
): Promise<ReportIteration[]> {
  const changes = await iterationChanges(view, (own) => movesOf(events, own.firstCommit), context);
  const found: ReportIteration[] = [];
  let left = ALL_TRANSCRIPTS_CHARS;
  for (const { start, ...facts } of recordedIterations({ events, now }).toReversed()) {
    const transcript = await transcriptEnd(view, start, left > 0);
    left -= transcript.entries.reduce((sum, { text }) => sum + text.length, 0);
    found.push({ ...facts, commits: [], ...changes.get(facts.iteration), transcript });
  }
  return found.toReversed();
}

export interface Recorded {
  events: readonly SessionEvent[];
  now: string;
}

type RecordedIteration = Facts & { start: EventOf<'iteration_started'> };

/** What the log says of each iteration. */
export function recordedIterations({ events, now }: Recorded): RecordedIteration[] {
  const started = new Map<number, EventOf<'iteration_started'>>();
  const ended = new Map<number, EventOf<'iteration_ended'>>();
  for (const event of events) {
    if (event.type === 'iteration_started') started.set(event.iteration, event);
    if (event.type === 'iteration_ended') ended.set(event.iteration, event);
  }
  return [...started.values()].map((start) => {
    return { ...factsOf(start, ended.get(start.iteration), now), start };
  });
}

/** One iteration with its commits and changes. @param link to its transcript */
export async function reportIteration(
  view: SessionView,
  { iteration, link, ...recorded }: Recorded & { iteration: number; link: string },
  context: ActionContext,
): Promise<ReportIteration | undefined> {
  const facts = recordedIterations(recorded).find((each) => each.iteration === iteration);
  if (facts === undefined) return undefined;
  const own = (moves: readonly Move[]) => moves.filter((move) => move.iteration === iteration);
  const changes = await iterationChanges(
    view,
    ({ firstCommit }) => own(movesOf(recorded.events, firstCommit)),
    context,
  );
  return { ...facts, commits: [], ...changes.get(iteration), transcript: { link } };
}

async function transcriptEnd(
  { paths, state }: SessionView,
  { iteration, log, provider }: EventOf<'iteration_started'>,
  hasRoom: boolean,
): Promise<{ entries: TranscriptPiece[]; isCut: boolean }> {
  const logPath = join(paths.logs, log);
  const sizeBytes = statsAt(logPath)?.size ?? 0;
  if (!hasRoom) return { entries: [], isCut: sizeBytes > 0 };
  const isRunning = state.openIteration?.iteration === iteration;
  const { entries } = await transcriptPage(logPath, { provider, isRunning, from: -TAIL_BYTES, limit: 1000 });
  return { entries, isCut: sizeBytes > TAIL_BYTES };
}

type Facts = Omit<ReportIteration, 'commits' | 'diff' | 'transcript' | 'load'>;

function factsOf(
  start: EventOf<'iteration_started'>,
  end: EventOf<'iteration_ended'> | undefined,
  now: string,
): Facts {
  const { iteration, phase, provider, model, at } = start;
  const begun = { iteration, phase, provider, startedAt: at };
  if (end === undefined) {
    const durationMs = Math.max(0, Date.parse(now) - Date.parse(at));
    return { ...begun, model, durationMs, cost: {}, tools: [] };
  }
  const { ending, problem, cost, durationMs, lastAction, next, signal } = end;
  return {
    ...begun,
    model: cost.model ?? model,
    endedAt: end.at,
    durationMs,
    ending,
    decided: decidedText(end),
    problem,
    did: lastAction ?? signal?.summary ?? signal?.reason,
    next,
    cost,
    tools: Object.entries(cost.tools ?? {}).sort(([, a], [, b]) => b - a),
  };
}

/** The decision without the names of rules and of waits. */
function decidedText(end: EventOf<'iteration_ended'>): string {
  const { decision } = end;
  if (decision.kind === 'park') return stateText({ state: 'waiting', for: decision.for }).brief;
  return decision.kind === 'block' ? 'blocked' : describeDecision(end);
}

/** The maximum size of all diffs in a page, and of one iteration's. */
const ALL_DIFFS_CHARS = 1_200_000;
const ONE_DIFF_CHARS = 60_000;
/** The maximum read from git; the patch of an iteration may be longer than its part on the page. */
const ASKED_CHARS = 8_000_000;
const MAX_COMMITS = 5000;
const MAX_FILES = 100;

type Changes = Pick<ReportIteration, 'commits' | 'diff'>;

/** Finds the commits and the diff of each iteration; if space is short, the newest iterations get it. */
async function iterationChanges(
  view: SessionView,
  movesIn: (own: SessionBranch) => readonly Move[],
  context: ActionContext,
): Promise<Map<number, Changes>> {
  // The iterations are shown even if git cannot open the repository.
  return await unlessGitFails(async () => {
    const own = await branchOfSession(view, context);
    return own ? await changesOf(movesIn(own), own.git) : new Map();
  }, new Map());
}

async function changesOf(moves: readonly Move[], git: SessionBranch['git']): Promise<Map<number, Changes>> {
  const pairs = moves.toReversed();
  if (pairs.length === 0) return new Map();
  const [diffs, commits] = await Promise.all([
    diffsBetween(pairs, { ...git, maxChars: ASKED_CHARS, maxFiles: MAX_FILES }),
    commitsOf(moves, git),
  ]);
  let left = ALL_DIFFS_CHARS;
  const changes = pairs.map(({ iteration, commit }): [number, Changes] => {
    const found = diffs.get(commit);
    const diff = found && shownDiff(found, Math.min(left, ONE_DIFF_CHARS));
    left -= Math.min(found?.patch?.length ?? 0, ONE_DIFF_CHARS);
    return [iteration, { commits: commits.get(iteration) ?? [], diff }];
  });
  return new Map(changes);
}

type Move = CommitPair & { iteration: number };

function movesOf(events: readonly SessionEvent[], base: string): Move[] {
  const moves: Move[] = [];
  let before = base;
  for (const event of events) {
    if (event.type !== 'iteration_ended' && event.type !== 'rewound') continue;
    const { head } = event;
    if (head === undefined || head === before) continue;
    if (event.type === 'iteration_ended') moves.push({ iteration: event.iteration, commit: head, before });
    before = head;
  }
  return moves;
}

/** Each commit belongs to the first iteration that had it on the branch. */
async function commitsOf(
  moves: readonly Move[],
  git: SessionBranch['git'],
): Promise<Map<number, ReportIteration['commits']>> {
  const tips = moves.map(({ commit }) => commit);
  const format = ['--topo-order', '--reverse', '-z', '--format=%H%x00%s', `--max-count=${MAX_COMMITS}`];
  const args = ['log', '--first-parent', '--ignore-missing', ...format, '--stdin'];
  const input = [...tips, `^${moves[0]?.before}`, ''].join('\n');
  const { stdout } = await runGit(args, { ...git, input, allowFailure: true });
  const fields = stdout.split('\0');
  const found = new Map<number, ReportIteration['commits']>();
  const iterationAt = new Map(moves.map(({ commit, iteration }) => [commit, iteration]));
  let own: ReportIteration['commits'] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [hash = '', subject = ''] = fields.slice(at, at + 2);
    own.push({ hash, subject });
    const iteration = iterationAt.get(hash);
    if (iteration === undefined) continue;
    found.set(iteration, own);
    own = [];
  }
  return found;
}

function shownDiff(diff: DiffBetween, maxChars: number): ReportDiff {
  const { files, fileCount, insertions, deletions, patch = '' } = diff;
  const isTooLong = patch.length > maxChars;
  const shown = isTooLong ? patch.slice(0, Math.max(0, patch.lastIndexOf('\n', maxChars))) : patch;
  // git prints patches and line counts in the same order. Content lines of a patch begin with a sign or a space.
  const patches = shown === '' ? [] : shown.split(/\n(?=diff --git )/);
  return {
    files: files.map(({ path, ...lines }, index) => {
      return { path, added: lines.insertions, removed: lines.deletions, patch: patches[index] };
    }),
    added: insertions,
    removed: deletions,
    moreFiles: fileCount - files.length,
    isCut: isTooLong || (patch === '' && fileCount > 0) || fileCount > files.length,
  };
}

type Open = Omit<ReportGap, 'to'>;

/** Finds the periods in which no agent could work, with the reason for each. */
export function findGaps(events: readonly SessionEvent[], until: string): ReportGap[] {
  const gaps: ReportGap[] = [];
  let open: Open | undefined;
  for (const event of events) {
    const begun = gapBegunBy(event);
    // A session that is stopped while it waits still counts as waiting.
    if (begun !== undefined) open ??= { ...begun, from: event.at };
    else if (open !== undefined && endsGap(event)) {
      gaps.push({ ...open, to: event.at });
      open = undefined;
    }
  }
  if (open !== undefined) gaps.push({ ...open, to: until });
  // The clock may have been set back.
  return gaps.filter(({ from, to }) => Date.parse(to) > Date.parse(from));
}

function gapBegunBy(event: SessionEvent): Omit<Open, 'from'> | undefined {
  switch (event.type) {
    case 'parked':
      return {
        words: stateText({
          state: 'waiting',
          for: event.for,
          about: event.asks?.some(({ kind }) => kind === 'weakened') ? 'checks' : undefined,
        }).brief,
        isForPerson: true,
      };
    case 'blocked':
    case 'stopped':
      return { words: stateText({ state: event.type }).brief, isForPerson: true };
    case 'limited': {
      const { brief } = stateText({
        state: 'limited',
        outage: event.outage?.kind,
        kept: event.kept && keptText(event.kept),
      });
      return { words: brief, isForPerson: false };
    }
    case 'queued':
    case 'done':
      return { words: stateText({ state: event.type }).brief, isForPerson: false };
    default:
      return undefined;
  }
}

function endsGap(event: SessionEvent): boolean {
  switch (event.type) {
    case 'answers_recorded':
      return event.open.length === 0;
    case 'plan_approved':
    case 'changes_requested':
    case 'resumed':
    case 'went_on':
    case 'iteration_started':
      return true;
    default:
      return false;
  }
}
