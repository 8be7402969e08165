import { basename } from 'node:path';
import { namesAt, statsAt } from '../../core/kernel/files/path-stats.ts';
import type { Decision, JudgedSignal } from '../../core/kernel/phases/decision.ts';
import {
  followsPlan,
  type Gate,
  type Phase,
  phaseNamed,
  type WaitingFor,
} from '../../core/kernel/phases/table.ts';
import { park, run } from '../../core/kernel/phases/verdict.ts';
import { documentText } from '../../core/session/documents/documents.ts';
import { readOverview } from '../../core/session/documents/overview.ts';
import { currentPlanOf } from '../../core/session/documents/plan.ts';
import { parseQa } from '../../core/session/documents/qa.ts';
import type { QaQuestion } from '../../core/session/documents/qa-blocks.ts';
import { MAX_SIGNAL_BYTES, parseSignal } from '../../core/session/documents/signal.ts';
import type { SessionPaths } from '../../core/session/layout/paths.ts';

/** The files of a folder that determine where it continues. */
export interface FolderFacts {
  overview: string;
  signal?: string;
  fileNames: readonly string[];
  questions: readonly QaQuestion[];
}

/** Reads a folder that the Python samocode left, or that a person prepared. @returns undefined if it has no overview */
export async function readUnimported(paths: SessionPaths): Promise<FolderFacts | undefined> {
  const [overview, signal, qa] = await Promise.all([
    documentText(paths.overview),
    documentText(paths.signal, MAX_SIGNAL_BYTES),
    documentText(paths.qa),
  ]);
  if (overview === undefined) return undefined;
  const questions = qa === undefined ? [] : parseQa(qa).questions;
  return { overview, signal, fileNames: namesAt(paths.sessionDir) ?? [], questions };
}

/** Names of known files that are folders, pipes or links, and of known folders that are not folders. */
export function notPlain(paths: SessionPaths): string[] {
  const files = FILES.filter((name) => statsAt(paths[name])?.isFile() === false);
  const folders = FOLDERS.filter((name) => statsAt(paths[name])?.isDirectory() === false);
  return [...files, ...folders].map((name) => basename(paths[name]));
}

const FILES = ['overview', 'qa', 'signal', 'history', 'sessionLog'] as const;
const FOLDERS = ['logs', 'inbox'] as const;

/** The phase of an unimported folder, and the status that its files state. */
export interface FolderPlace {
  phase: Phase;
  stated:
    | { kind: 'stopped' }
    | { kind: 'done' }
    | { kind: 'waiting'; for: WaitingFor; reason?: string }
    | { kind: 'blocked'; reason: string };
}

const STOPPED = { kind: 'stopped' } as const;

/** Where an unimported folder is, according to its files; undefined if the overview names no known phase. Pure. */
export function placeOf(facts: FolderFacts, folder: string, chosen?: Phase): FolderPlace | undefined {
  if (chosen !== undefined) return { phase: chosen, stated: STOPPED };
  const phase = phaseNamed(readOverview(facts.overview).phase ?? '');
  return phase && { phase, stated: statedAt(phase, facts, hasPlan(facts, folder)) };
}

/**
 * Decides where a session continues that was created from such a folder: it waits at the first gate that is not
 * recorded as opened by a person, because an agent could have written everything in the folder. Its phase is the one
 * before that gate, so that only an act of a person leads past it. Pure.
 */
export function continuationOf(
  { phase, stated }: FolderPlace,
  facts: FolderFacts,
  { folder, gates }: { folder: string; gates: readonly Gate[] },
): Decision {
  if (stated.kind === 'done') {
    return { kind: 'done', phase, summary: readOverview(facts.overview).lastAction ?? '' };
  }
  const asked = stated.kind === 'waiting' ? stated.for : undefined;
  const resumePhase = !followsPlan(phase) && asked === 'plan_approval' ? 'implementation' : phase;
  const isAfterPlan = followsPlan(resumePhase);
  const hasPlanFile = hasPlan(facts, folder);
  // If there is a plan and GATES skips the first gate, the settings open the second one, which is recorded.
  if (isAfterPlan && (gates.includes('plan') || (hasPlanFile && !gates.includes('qa')))) {
    const unknown = asked === 'plan_approval' ? undefined : NOT_APPROVED[hasPlanFile ? 'plan' : 'none'];
    return { ...park('planning', 'plan_approval', resumePhase), reason: reasonOf(stated, unknown) };
  }
  const { questions } = facts;
  const isAsking = phase === 'requirements' && questions.length > 0;
  if (gates.includes('qa') && (isAfterPlan || phase === 'planning' || isAsking)) {
    const unknown = isAsking || asked === 'qa_answers' ? undefined : NOT_ANSWERED;
    const askNothingToClarify = questions.length === 0;
    const reason = reasonOf(stated, unknown);
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

/** Why the folder was at rest, in its agent's words, and what a person must know; undefined if neither is known. */
export function reasonOf(stated: FolderPlace['stated'], more: string | undefined): string | undefined {
  const reason = 'reason' in stated ? stated.reason : undefined;
  const before = stated.kind === 'blocked' ? 'It was blocked' : 'It was waiting';
  const parts = [reason && `${before}: ${reason}`, more].filter((part) => part !== undefined);
  return parts.join('\n') || undefined;
}

function hasPlan({ fileNames }: FolderFacts, folder: string): boolean {
  return currentPlanOf(fileNames, folder, []) !== undefined;
}

function statedAt(phase: Phase, facts: FolderFacts, hasPlanFile: boolean): FolderPlace['stated'] {
  const { status, for: named, reason } = lastReport(phase, facts);
  if (phase === 'done' && status === 'done') return { kind: 'done' };
  if (status === 'blocked') return { kind: 'blocked', reason: reason ?? 'it names no reason.' };
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

type Report = Pick<JudgedSignal, 'for' | 'reason'> & { status: string };

const MAX_REASON = 1000;

/** The newest signal, or else the state in the overview. */
function lastReport(phase: Phase, { signal, overview }: FolderFacts): Report {
  const reading = parseSignal(signal, phase);
  if (reading.kind === 'signal') return reading.signal;
  const { blocked, lastAction } = readOverview(overview);
  if (blocked === 'waiting_human') return { status: 'waiting' };
  if (blocked === 'yes') return { status: 'blocked', reason: lastAction?.slice(0, MAX_REASON) };
  return { status: phase === 'done' && reading.kind === 'missing' ? 'done' : 'none' };
}
