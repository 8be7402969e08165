import { join } from 'node:path';
import { transcriptPage } from '../../../core/acts/reading/read-transcript.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import {
  branchOfSession,
  type SessionBranch,
  unlessGitFails,
} from '../../../core/caller/context/session-branch.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { type CommitPair, type DiffBetween, diffsBetween } from '../../../core/project/worktrees/changes.ts';
import { describeDecision } from '../../../core/session/documents/describe-event.ts';
import type { EventOf, SessionEvent } from '../../../core/session/events/events.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { stateText } from '../../../core/session/words/words.ts';
import type { ReportDiff, ReportIteration, TranscriptPiece } from '../html/report-data.ts';

/** The newest iterations come first. */
const ALL_TRANSCRIPTS_CHARS = 500_000;
/** The end of a raw log that is read for a page. */
const TAIL_BYTES = 24 * 1024;

interface IterationSource {
  events: readonly SessionEvent[];
  now: string;
  /** Returns the link to a transcript, on pages that can read it later. */
  linkTo?: ((iteration: number) => string) | undefined;
}

/** Collects all recorded iterations, oldest first. One that was restarted after a crash is listed once. */
export async function reportIterations(
  view: SessionView,
  { events, now, linkTo }: IterationSource,
  context: ActionContext,
): Promise<ReportIteration[]> {
  const started = new Map<number, EventOf<'iteration_started'>>();
  const ended = new Map<number, EventOf<'iteration_ended'>>();
  for (const event of events) {
    if (event.type === 'iteration_started') started.set(event.iteration, event);
    if (event.type === 'iteration_ended') ended.set(event.iteration, event);
  }
  const changes = await iterationChanges(view, events, context);
  const found: ReportIteration[] = [];
  let left = ALL_TRANSCRIPTS_CHARS;
  for (const start of [...started.values()].toReversed()) {
    const { iteration } = start;
    const { commits = [], diff } = changes.get(iteration) ?? {};
    const transcript = linkTo ? { link: linkTo(iteration) } : await transcriptEnd(view, start, left > 0);
    if ('entries' in transcript) left -= transcript.entries.reduce((sum, { text }) => sum + text.length, 0);
    found.push({ ...factsOf(start, ended.get(iteration), now), commits, diff, transcript });
  }
  return found.toReversed();
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

type Facts = Omit<ReportIteration, 'commits' | 'diff' | 'transcript'>;

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
  events: readonly SessionEvent[],
  context: ActionContext,
): Promise<Map<number, Changes>> {
  // The iterations are shown even if git cannot open the repository.
  return await unlessGitFails(async () => {
    const own = await branchOfSession(view, context);
    return own ? await changesOf(movesOf(events, own.firstCommit), own) : new Map();
  }, new Map());
}

async function changesOf(
  moves: readonly Move[],
  { firstCommit, git }: SessionBranch,
): Promise<Map<number, Changes>> {
  const pairs = moves.toReversed();
  if (pairs.length === 0) return new Map();
  const [diffs, commits] = await Promise.all([
    diffsBetween(pairs, { ...git, maxChars: ASKED_CHARS, maxFiles: MAX_FILES }),
    commitsOf(moves, firstCommit, git),
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
  base: string,
  git: SessionBranch['git'],
): Promise<Map<number, ReportIteration['commits']>> {
  const tips = moves.map(({ commit }) => commit);
  const format = ['--topo-order', '--reverse', '-z', '--format=%H%x00%s', `--max-count=${MAX_COMMITS}`];
  const args = ['log', '--first-parent', '--ignore-missing', ...format, '--stdin'];
  const input = [...tips, `^${base}`, ''].join('\n');
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
