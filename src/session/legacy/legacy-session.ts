import { basename, join } from 'node:path';
import { isoUtc } from '../../base/clock.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import type { Decision } from '../../phases/decision.ts';
import { followsPlan, type Gate, PHASE_NAMES, type Phase, phaseNamed } from '../../phases/table.ts';
import { park, run } from '../../phases/verdict.ts';
import { documentText } from '../documents/documents.ts';
import { readOverview } from '../documents/overview.ts';
import { currentPlanOf } from '../documents/plan.ts';
import { parseQa } from '../documents/qa.ts';
import type { QaQuestion } from '../documents/qa-blocks.ts';
import { MAX_SIGNAL_BYTES, parseSignal } from '../documents/signal.ts';
import { type SessionView, viewAtRest } from '../events/session-view.ts';
import { emptyState, type SessionState } from '../events/state.ts';
import type { SessionPaths } from '../layout/paths.ts';

/**
 * A folder of the Python samocode, or one made by hand: it has nothing in `.run/`. It is shown as done or stopped; a
 * resume makes a session of it.
 * @returns undefined for any other folder
 */
export async function readForeignSession(paths: SessionPaths): Promise<SessionView | undefined> {
  const folder = await readLegacyFolder(paths);
  if (folder === undefined) return undefined;
  const found = placeOf(folder, paths.folder);
  const obstacles = obstaclesIn(folder, paths).map(({ problem }) => problem);
  const unwritten = obstacles.length === 0 && folder.overview === undefined ? [UNWRITTEN] : [];
  const problems = [...obstacles, ...unwritten, ...('question' in found ? [found.question] : [])];
  const state = stateOf(folder, 'phase' in found ? found : { phase: 'init', isDone: false });
  return { ...viewAtRest(paths, state, problems), isForeign: true };
}

const UNWRITTEN =
  'The session was stopped before its overview was written, so its task is not on record: give it as the goal when you resume.';

function stateOf(
  { since, overview = '' }: LegacyFolder,
  { phase, isDone }: Pick<LegacyPlace, 'phase' | 'isDone'>,
): SessionState {
  const empty = emptyState();
  const { iteration = 0, totalIterations = 0, lastAction = '' } = readOverview(overview);
  const why = 'It was made by the Python samocode, or by hand, and no worker runs it.';
  return {
    ...empty,
    createdAt: since,
    status: isDone
      ? { kind: 'done', since, summary: lastAction }
      : { kind: 'stopped', since, by: { channel: 'file' }, why },
    progress: { ...empty.progress, phase, phaseIteration: iteration, totalIterations },
  };
}

/** The early layout of the original tool kept the overview in a folder of its own. */
const NESTED_FOLDER = '_samocode';

/** A folder without machine state as its files show it. */
export interface LegacyFolder extends LegacyFacts {
  /** ISO time of the last change to the overview, or to the folder where it has none. */
  since: string;
  isNested: boolean;
  /** Names of files that are folders, pipes or links, and of folders that are none. */
  notPlain: string[];
}

/** Reads a folder of the original tool. @returns undefined for a folder in which no session ever ran */
export async function readLegacyFolder(paths: SessionPaths): Promise<LegacyFolder | undefined> {
  const { sessionDir } = paths;
  const nestedOverview = join(sessionDir, NESTED_FOLDER, basename(paths.overview));
  const isNested = statsAt(paths.overview) === undefined && statsAt(nestedOverview) !== undefined;
  if (!isNested && !hasTraces(paths)) return undefined;
  const overviewPath = isNested ? nestedOverview : paths.overview;
  const [overview, signal, qa] = await Promise.all([
    documentText(overviewPath),
    documentText(paths.signal, MAX_SIGNAL_BYTES),
    documentText(paths.qa),
  ]);
  const stats = statsAt(overviewPath) ?? statsAt(sessionDir);
  return {
    overview,
    signal,
    fileNames: namesAt(sessionDir) ?? [],
    questions: qa === undefined ? [] : parseQa(qa).questions,
    since: isoUtc(Math.trunc(stats?.mtimeMs ?? 0)),
    isNested,
    notPlain: notPlain(paths),
  };
}

/** The name of a folder alone makes no session: people keep notes there too. */
function hasTraces(paths: SessionPaths): boolean {
  return [...FILES, 'logs' as const].some((name) => statsAt(paths[name]) !== undefined);
}

const FILES = ['overview', 'qa', 'signal', 'history', 'sessionLog'] as const;

function notPlain(paths: SessionPaths): string[] {
  const files = FILES.filter((name) => statsAt(paths[name])?.isFile() === false);
  const folders = (['logs', 'inbox'] as const).filter(
    (name) => statsAt(paths[name])?.isDirectory() === false,
  );
  return [...files, ...folders].map((name) => basename(paths[name]));
}

/** What a person has to move before a worker can write there, in words for people. */
export function obstaclesIn(
  { isNested, notPlain }: LegacyFolder,
  { sessionDir }: SessionPaths,
): { code: 'nested_layout' | 'not_plain'; problem: string }[] {
  const move = `mv -n ${shellWord(join(sessionDir, NESTED_FOLDER))}/* ${shellWord(`${sessionDir}/`)}`;
  const layout = `The overview is in ${NESTED_FOLDER}/, a layout that is no longer used. Move its files one folder up: ${move}`;
  const nested = isNested ? [{ code: 'nested_layout', problem: layout } as const] : [];
  const names = notPlain.map((name) => `${name} is not a plain file or folder: move it aside.`);
  return [...nested, ...names.map((problem) => ({ code: 'not_plain', problem }) as const)];
}

/** Where a folder without machine state stands, and the phase in which it goes on once its gate is open. */
export interface LegacyPlace {
  phase: Phase;
  resumePhase: Phase;
  isDone: boolean;
}

/** What the files of such a folder say. */
export interface LegacyFacts {
  overview?: string | undefined;
  signal?: string | undefined;
  fileNames: readonly string[];
  questions: readonly QaQuestion[];
}

/**
 * Finds the place of a folder without machine state: the phase that its overview names and no other. A plan in it is for
 * a person to judge, not for an agent to write again. Pure.
 * @returns the question for a person who has chosen no phase, where the overview names none
 */
export function placeOf(
  { overview, signal, ...facts }: LegacyFacts,
  folder: string,
  chosen?: Phase,
): LegacyPlace | { question: string } {
  const begun = chosen ?? (overview === undefined ? 'init' : undefined);
  if (begun !== undefined) return { phase: begun, resumePhase: begun, isDone: false };
  const written = readOverview(overview ?? '').phase ?? '';
  const phase = phaseNamed(written);
  if (phase === undefined) {
    const lack = written === '' ? 'The overview names no phase' : 'The overview names no known phase';
    return { question: `${lack}. In which phase should it continue: ${PHASE_NAMES.join(', ')}?` };
  }
  const resumePhase = phase === 'planning' && hasPlan(facts, folder) ? 'implementation' : phase;
  return { phase, resumePhase, isDone: phase === 'done' && saysDone(signal) };
}

/** An agent may have been on its way to it. */
function saysDone(signal: string | undefined): boolean {
  const reading = parseSignal(signal, 'done');
  return reading.kind === 'signal' ? reading.signal.status === 'done' : reading.kind === 'missing';
}

/**
 * Where a session goes on that was such a folder: it waits before the gate that no record shows as opened by a person,
 * because an agent could have written all that is in the folder. It stands in the phase before that gate, so that nothing
 * but the person's act leads past it. Pure.
 */
export function continuationOf(
  { phase, resumePhase, isDone }: LegacyPlace,
  facts: LegacyFacts,
  { folder, gates }: { folder: string; gates: readonly Gate[] },
): Decision {
  if (isDone) return { kind: 'done', phase, summary: readOverview(facts.overview ?? '').lastAction ?? '' };
  const isBehindPlan = followsPlan(resumePhase);
  const isThere = hasPlan(facts, folder);
  // Without the first gate, and with a plan, the settings open the second one, and that is recorded.
  if (isBehindPlan && (gates.includes('plan') || (isThere && !gates.includes('qa'))))
    return {
      ...park('planning', 'plan_approval', resumePhase),
      reason: NOT_APPROVED[isThere ? 'plan' : 'none'],
    };
  const { questions } = facts;
  const isAsking = phase === 'requirements' && questions.length > 0;
  if (gates.includes('qa') && (isBehindPlan || phase === 'planning' || isAsking)) {
    const reason = isAsking ? undefined : NOT_ANSWERED;
    const askNothingToClarify = questions.length === 0;
    return { ...park('requirements', 'qa_answers', resumePhase), reason, askNothingToClarify };
  }
  return run(phase === 'init' ? 'investigation' : resumePhase);
}

const NOT_ANSWERED =
  'Nothing on record says that a person gave these answers: confirm them as they are, or change them.';

const NOT_APPROVED = {
  plan: 'Nothing on record says that a person approved this plan: approve it as it is, or request changes.',
  none: 'The work has begun, and the folder holds no plan: request changes to have one written, or add a plan document to the folder and approve that.',
} as const;

function hasPlan({ fileNames }: Pick<LegacyFacts, 'fileNames'>, folder: string): boolean {
  return currentPlanOf(fileNames, folder, []) !== undefined;
}
