import { basename, join } from 'node:path';
import { isoUtc } from '../kernel/clock.ts';
import { namesAt, statsAt } from '../kernel/files/path-stats.ts';
import type { Decision, JudgedSignal } from '../kernel/phases/decision.ts';
import {
  followsPlan,
  type Gate,
  PHASE_NAMES,
  type Phase,
  phaseNamed,
  type WaitingFor,
} from '../kernel/phases/table.ts';
import { park, run } from '../kernel/phases/verdict.ts';
import { shellWord } from '../kernel/shell-quoted.ts';
import { documentText } from './documents/documents.ts';
import { readOverview } from './documents/overview.ts';
import { currentPlanOf } from './documents/plan.ts';
import { parseQa } from './documents/qa.ts';
import type { QaQuestion } from './documents/qa-blocks.ts';
import { MAX_SIGNAL_BYTES, parseSignal } from './documents/signal.ts';
import { type SessionView, viewWithoutWorker } from './events/session-view.ts';
import { emptyState, type SessionState } from './events/state.ts';
import type { SessionPaths } from './layout/paths.ts';

/**
 * Reads a folder of the Python samocode, or one made by hand, which has nothing in `.run/`. It is shown with the state
 * recorded in its files; a resume turns it into a session.
 * @returns undefined for any other folder
 */
export async function readForeignSession(paths: SessionPaths): Promise<SessionView | undefined> {
  const folder = await readLegacyFolder(paths);
  if (folder === undefined) return undefined;
  const found = placeOf(folder, paths.folder);
  const obstacles = obstaclesIn(folder, paths).map(({ problem }) => problem);
  const unwritten = obstacles.length === 0 && folder.overview === undefined ? [UNWRITTEN] : [];
  const state = initialState(folder, 'phase' in found ? found : { phase: 'init', stated: STOPPED });
  const problems = [...obstacles, ...unwritten, ...('question' in found ? [found.question] : [])];
  return { ...viewWithoutWorker(paths, state, problems), isForeign: true };
}

const UNWRITTEN =
  'The session was stopped before its overview was written, so its task is not on record: give it as the goal when you resume.';

function initialState(folder: LegacyFolder, { phase, stated }: LegacyPlace): SessionState {
  const empty = emptyState();
  const { iteration, totalIterations } = readOverview(folder.overview ?? '');
  return {
    ...empty,
    createdAt: folder.since,
    status: statusOf(folder, { phase, stated }),
    progress: {
      ...empty.progress,
      phase,
      phaseIteration: iteration ?? 0,
      totalIterations: totalIterations ?? 0,
    },
  };
}

function statusOf({ since, overview, questions }: LegacyFolder, { phase, stated }: LegacyPlace) {
  switch (stated.kind) {
    case 'done':
      return { kind: 'done', since, summary: readOverview(overview ?? '').lastAction ?? '' } as const;
    case 'blocked':
      return { ...stated, since, rule: 'child_blocked' };
    case 'waiting': {
      const open = questions.filter(({ answer }) => answer === undefined).map(({ id }) => id);
      const openQuestions = stated.for === 'qa_answers' ? open : [];
      return { ...stated, since, resumePhase: phase, openQuestions, unconfirmed: [] };
    }
    case 'stopped': {
      const why = 'It was made by the Python samocode, or by hand, and no worker runs it.';
      return { ...stated, since, by: { channel: 'file' }, why } as const;
    }
    default:
      return stated satisfies never;
  }
}

/** The early layout of the original tool kept the overview in a separate folder. */
const NESTED_FOLDER = '_samocode';

/** The contents of a folder without machine state. */
export interface LegacyFolder extends LegacyFacts {
  /** ISO time of the last change to the overview, or to the folder if it has none. */
  since: string;
  isNested: boolean;
  /** `_samocode/` contains another `_samocode/`. */
  isNestedTwice: boolean;
  /** Known files that are folders, pipes or links, and known folders that are not folders. */
  notPlain: string[];
}

/** Reads a folder of the original tool. @returns undefined for a folder in which no session ever ran */
export async function readLegacyFolder(paths: SessionPaths): Promise<LegacyFolder | undefined> {
  const { sessionDir } = paths;
  const nestedDir = join(sessionDir, NESTED_FOLDER);
  const isNestedTwice = statsAt(join(nestedDir, NESTED_FOLDER))?.isDirectory() === true;
  const nestedOverview = join(nestedDir, basename(paths.overview));
  const isNested = statsAt(paths.overview) === undefined && statsAt(nestedOverview) !== undefined;
  if (!isNested && !isNestedTwice && !hasTraces(paths)) return undefined;
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
    isNestedTwice,
    notPlain: notPlain(paths),
  };
}

/** A folder is a session only if it contains a known file: people keep notes there too. */
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

/** Describes what a person must move before a worker can write there. */
export function obstaclesIn(
  { isNested, isNestedTwice, notPlain }: LegacyFolder,
  { sessionDir }: SessionPaths,
): { code: 'nested_layout' | 'not_plain'; problem: string }[] {
  const outer = join(sessionDir, NESTED_FOLDER);
  const move = `mv -n ${shellWord(outer)}/* ${shellWord(`${sessionDir}/`)}`;
  const layout = isNestedTwice
    ? `${join(outer, NESTED_FOLDER)} is a session inside a session. Decide which of the two to keep, and move the other one out of ${sessionDir}.`
    : `The overview is in ${NESTED_FOLDER}/, a layout that is no longer used. Move its files one folder up: ${move}`;
  const nested = isNested || isNestedTwice ? [{ code: 'nested_layout', problem: layout } as const] : [];
  const names = notPlain.map((name) => `${name} is not a plain file or folder: move it aside.`);
  return [...nested, ...names.map((problem) => ({ code: 'not_plain', problem }) as const)];
}

/** The phase of a folder without machine state, and the status that its files state. */
export interface LegacyPlace {
  phase: Phase;
  stated:
    | { kind: 'stopped' }
    | { kind: 'done' }
    | { kind: 'waiting'; for: WaitingFor; reason?: string | undefined }
    | { kind: 'blocked'; reason: string; needs: string };
}

/** The files of such a folder that determine its phase and status. */
export interface LegacyFacts {
  overview?: string | undefined;
  signal?: string | undefined;
  fileNames: readonly string[];
  questions: readonly QaQuestion[];
}

const STOPPED = { kind: 'stopped' } as const;

/** Determines the phase of a folder without machine state, or the question to ask if its files do not name it. Pure. */
export function placeOf(
  facts: LegacyFacts,
  folder: string,
  chosen?: Phase,
): LegacyPlace | { question: string } {
  if (chosen !== undefined) return { phase: chosen, stated: STOPPED };
  const inferred = inferPhase(facts.overview);
  const hasStarted = 'question' in inferred ? facts.overview !== undefined : inferred.phase !== 'init';
  if (!hasStarted) return { phase: 'init', stated: STOPPED };
  if ('question' in inferred) return inferred;
  const { phase } = inferred;
  return { phase, stated: statedAt(phase, facts, hasPlan(facts, folder)) };
}

/**
 * Decides where a session continues that was created from such a folder: it waits at the first gate that is not
 * recorded as opened by a person, because an agent could have written everything in the folder. Its phase is the one
 * before that gate, so that only an act of a person leads past it. Pure.
 */
export function continuationOf(
  { phase, stated }: LegacyPlace,
  facts: LegacyFacts,
  { folder, gates }: { folder: string; gates: readonly Gate[] },
): Decision {
  if (stated.kind === 'done') {
    return { kind: 'done', phase, summary: readOverview(facts.overview ?? '').lastAction ?? '' };
  }
  const asked = stated.kind === 'waiting' ? stated.for : undefined;
  const resumePhase = !followsPlan(phase) && asked === 'plan_approval' ? 'implementation' : phase;
  const isAfterPlan = followsPlan(resumePhase);
  const hasPlanFile = hasPlan(facts, folder);
  // If there is a plan and GATES skips the first gate, the settings open the second one, which is recorded.
  if (isAfterPlan && (gates.includes('plan') || (hasPlanFile && !gates.includes('qa')))) {
    const reason = asked === 'plan_approval' ? undefined : NOT_APPROVED[hasPlanFile ? 'plan' : 'none'];
    return { ...park('planning', 'plan_approval', resumePhase), reason };
  }
  const { questions } = facts;
  const isAsking = phase === 'requirements' && questions.length > 0;
  if (gates.includes('qa') && (isAfterPlan || phase === 'planning' || isAsking)) {
    const reason = isAsking || asked === 'qa_answers' ? undefined : NOT_ANSWERED;
    const askNothingToClarify = questions.length === 0;
    return { ...park('requirements', 'qa_answers', resumePhase), reason, askNothingToClarify };
  }
  return run(phase === 'init' ? 'investigation' : resumePhase);
}

const NOT_ANSWERED =
  'Nothing on record says that a person gave these answers: confirm them as they are, or change them.';

const NOT_APPROVED = {
  plan: 'Nothing on record says that a person approved this plan: approve it as it is, or request changes.',
  none: 'The work has begun, and the folder has no plan: request changes to have one written, or add a plan document to the folder and approve that.',
} as const;

function hasPlan({ fileNames }: LegacyFacts, folder: string): boolean {
  return currentPlanOf(fileNames, folder, []) !== undefined;
}

function statedAt(phase: Phase, facts: LegacyFacts, hasPlanFile: boolean): LegacyPlace['stated'] {
  const { status, for: named, reason, needs } = lastReport(phase, facts);
  if (phase === 'done' && status === 'done') return { kind: 'done' };
  if (status === 'blocked') {
    return { kind: 'blocked', reason: reason ?? 'It names no reason.', needs: needs ?? 'human_decision' };
  }
  const usual = hasPlanFile && phase !== 'requirements' ? 'plan_approval' : 'qa_answers';
  const awaited = status === 'waiting' ? (named ?? usual) : undefined;
  const open = facts.questions.filter(({ answer }) => answer === undefined);
  if (phase === 'requirements' && facts.questions.length > 0) return { kind: 'waiting', for: 'qa_answers' };
  if (awaited === undefined) return STOPPED;
  if (awaited === 'plan_approval' && !hasPlanFile) return STOPPED;
  // An approval implies the answers, but not for questions asked since.
  if (awaited === 'qa_answers' && (followsPlan(phase) ? open : facts.questions).length === 0) return STOPPED;
  return { kind: 'waiting', for: awaited, reason };
}

type Report = Pick<JudgedSignal, 'for' | 'reason' | 'needs'> & { status: string };

/** The newest signal, or else the state in the overview. */
function lastReport(phase: Phase, { signal, overview = '' }: LegacyFacts): Report {
  const reading = parseSignal(signal, phase);
  if (reading.kind === 'signal') return reading.signal;
  const { blocked, lastAction } = readOverview(overview);
  if (blocked === 'waiting_human') return { status: 'waiting' };
  if (blocked === 'yes') return { status: 'blocked', reason: lastAction };
  return { status: phase === 'done' && reading.kind === 'missing' ? 'done' : 'none' };
}

/** The phase that the overview names; it is not guessed from anything else. */
export function inferPhase(overview = ''): { phase: Phase } | { question: string } {
  const written = readOverview(overview).phase;
  const phase = phaseNamed(written ?? '');
  if (phase) return { phase };
  const problem = written ? 'The overview names no known phase' : 'The overview names no phase';
  return { question: `${problem}. In which phase should it continue: ${PHASE_NAMES.join(', ')}?` };
}
