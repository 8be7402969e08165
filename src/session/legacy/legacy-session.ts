import { basename, join } from 'node:path';
import { isoUtc } from '../../base/clock.ts';
import { namesAt, statsAt } from '../../base/files/path-stats.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import type { Decision, JudgedSignal } from '../../phases/decision.ts';
import {
  followsPlan,
  type Gate,
  PHASE_NAMES,
  type Phase,
  phaseNamed,
  type WaitingFor,
} from '../../phases/table.ts';
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
 * A folder of the Python samocode, or one made by hand: it has nothing in `.run/`. It is shown as it says of itself; a
 * resume makes a session of it.
 * @returns undefined for any other folder
 */
export async function readForeignSession(paths: SessionPaths): Promise<SessionView | undefined> {
  const folder = await readLegacyFolder(paths);
  if (folder === undefined) return undefined;
  const found = placeOf(folder, paths.folder);
  const obstacles = obstaclesIn(folder, paths).map(({ problem }) => problem);
  const unwritten = obstacles.length === 0 && folder.overview === undefined ? [UNWRITTEN] : [];
  const state = stateOf(folder, 'phase' in found ? found : { phase: 'init', says: { kind: 'stopped' } });
  const problems = [...obstacles, ...unwritten, ...('question' in found ? [found.question] : [])];
  return { ...viewAtRest(paths, state, problems), isForeign: true };
}

const UNWRITTEN =
  'The session was stopped before its overview was written, so its task is not on record: give it as the goal when you resume.';

function stateOf(folder: LegacyFolder, { phase, says }: LegacyPlace): SessionState {
  const empty = emptyState();
  const { iteration, totalIterations } = readOverview(folder.overview ?? '');
  return {
    ...empty,
    createdAt: folder.since,
    status: statusOf(folder, { phase, says }),
    progress: {
      ...empty.progress,
      phase,
      phaseIteration: iteration ?? 0,
      totalIterations: totalIterations ?? 0,
    },
  };
}

function statusOf({ since, overview, questions }: LegacyFolder, { phase, says }: LegacyPlace) {
  switch (says.kind) {
    case 'done':
      return { kind: 'done', since, summary: readOverview(overview ?? '').lastAction ?? '' } as const;
    case 'blocked':
      return { ...says, since, rule: 'child_blocked' };
    case 'waiting': {
      const open = questions.filter(({ answer }) => answer === undefined).map(({ id }) => id);
      const openQuestions = says.for === 'qa_answers' ? open : [];
      return { ...says, since, resumePhase: phase, openQuestions, unconfirmed: [] };
    }
    case 'stopped': {
      const why = 'It was made by the Python samocode, or by hand, and no worker runs it.';
      return { ...says, since, by: { channel: 'file' }, why } as const;
    }
    default:
      return says satisfies never;
  }
}

/** The early layout of the original tool kept the overview in a folder of its own. */
const NESTED_FOLDER = '_samocode';

/** A folder without machine state as its files show it. */
export interface LegacyFolder extends LegacyFacts {
  /** ISO time of the last change to the overview, or to the folder where it has none. */
  since: string;
  isNested: boolean;
  /** `_samocode/` holds another `_samocode/`. */
  isNestedTwice: boolean;
  /** Names of files that are folders, pipes or links, and of folders that are none. */
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

/** The phase of a folder without machine state, and what it says of itself there. */
export interface LegacyPlace {
  phase: Phase;
  says:
    | { kind: 'stopped' }
    | { kind: 'done' }
    | { kind: 'waiting'; for: WaitingFor; reason?: string | undefined }
    | { kind: 'blocked'; reason: string; needs: string };
}

/** What the files of such a folder say. */
export interface LegacyFacts {
  overview?: string | undefined;
  signal?: string | undefined;
  fileNames: readonly string[];
  questions: readonly QaQuestion[];
}

const STOPPED = { kind: 'stopped' } as const;

/** Finds the place of a folder without machine state, or what a person must be asked who has chosen none. Pure. */
export function placeOf(
  facts: LegacyFacts,
  folder: string,
  chosen?: Phase,
): LegacyPlace | { question: string } {
  if (chosen !== undefined) return { phase: chosen, says: STOPPED };
  const inferred = inferPhase(facts.overview);
  const isBegun = 'question' in inferred ? facts.overview !== undefined : inferred.phase !== 'init';
  if (!isBegun) return { phase: 'init', says: STOPPED };
  if ('question' in inferred) return inferred;
  const { phase } = inferred;
  return { phase, says: saidAt(phase, facts, hasPlan(facts, folder)) };
}

/**
 * Where a session goes on that was such a folder: it waits before the gate that no record shows as opened by a person,
 * because an agent could have written all that is in the folder. It stands in the phase before that gate, so that nothing
 * but the person's act leads past it. Pure.
 */
export function continuationOf(
  { phase, says }: LegacyPlace,
  facts: LegacyFacts,
  { folder, gates }: { folder: string; gates: readonly Gate[] },
): Decision {
  if (says.kind === 'done') {
    return { kind: 'done', phase, summary: readOverview(facts.overview ?? '').lastAction ?? '' };
  }
  const asked = says.kind === 'waiting' ? says.for : undefined;
  const resumePhase = !followsPlan(phase) && asked === 'plan_approval' ? 'implementation' : phase;
  const isBehindPlan = followsPlan(resumePhase);
  const isThere = hasPlan(facts, folder);
  // Without the first gate, and with a plan, the settings open the second one, and that is recorded.
  if (isBehindPlan && (gates.includes('plan') || (isThere && !gates.includes('qa')))) {
    const reason = asked === 'plan_approval' ? undefined : NOT_APPROVED[isThere ? 'plan' : 'none'];
    return { ...park('planning', 'plan_approval', resumePhase), reason };
  }
  const { questions } = facts;
  const isAsking = phase === 'requirements' && questions.length > 0;
  if (gates.includes('qa') && (isBehindPlan || phase === 'planning' || isAsking)) {
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
  none: 'The work has begun, and the folder holds no plan: request changes to have one written, or add a plan document to the folder and approve that.',
} as const;

function hasPlan({ fileNames }: LegacyFacts, folder: string): boolean {
  return currentPlanOf(fileNames, folder, []) !== undefined;
}

function saidAt(phase: Phase, facts: LegacyFacts, isPlanThere: boolean): LegacyPlace['says'] {
  const { status, for: named, reason, needs } = lastWord(phase, facts);
  if (phase === 'done' && status === 'done') return { kind: 'done' };
  if (status === 'blocked') {
    return { kind: 'blocked', reason: reason ?? 'It names no reason.', needs: needs ?? 'human_decision' };
  }
  const usual = isPlanThere && phase !== 'requirements' ? 'plan_approval' : 'qa_answers';
  const awaited = status === 'waiting' ? (named ?? usual) : undefined;
  const open = facts.questions.filter(({ answer }) => answer === undefined);
  if (phase === 'requirements' && facts.questions.length > 0) return { kind: 'waiting', for: 'qa_answers' };
  if (awaited === undefined) return STOPPED;
  if (awaited === 'plan_approval' && !isPlanThere) return STOPPED;
  // An approval stands for the answers too, but not for a question that was asked since.
  if (awaited === 'qa_answers' && (followsPlan(phase) ? open : facts.questions).length === 0) return STOPPED;
  return { kind: 'waiting', for: awaited, reason };
}

type Word = Pick<JudgedSignal, 'for' | 'reason' | 'needs'> & { status: string };

/** The newest signal, else what the overview says of it. */
function lastWord(phase: Phase, { signal, overview = '' }: LegacyFacts): Word {
  const reading = parseSignal(signal, phase);
  if (reading.kind === 'signal') return reading.signal;
  const { blocked, lastAction } = readOverview(overview);
  if (blocked === 'waiting_human') return { status: 'waiting' };
  if (blocked === 'yes') return { status: 'blocked', reason: lastAction };
  return { status: phase === 'done' && reading.kind === 'missing' ? 'done' : 'none' };
}

/** The phase that the overview names. Nothing else is guessed from. */
export function inferPhase(overview = ''): { phase: Phase } | { question: string } {
  const written = readOverview(overview).phase;
  const phase = phaseNamed(written ?? '');
  if (phase) return { phase };
  const lack = written ? 'The overview names no known phase' : 'The overview names no phase';
  return { question: `${lack}. In which phase should it continue: ${PHASE_NAMES.join(', ')}?` };
}
