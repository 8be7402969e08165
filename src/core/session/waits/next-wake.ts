import { join } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { type Phase, phaseNamed } from '../../kernel/phases/table.ts';
import { channelRefusal } from '../commands/refused.ts';
import { documentFingerprint, documentText } from '../documents/documents.ts';
import { readOverview } from '../documents/overview.ts';
import { asksOf } from '../events/asks.ts';
import type { ControlQuestion, StartOrder } from '../events/bodies/positions.ts';
import type { FrozenSettings, SessionFile } from '../events/bodies/session-file.ts';
import type { SessionState, WaitingStatus } from '../events/state.ts';
import type { SessionView } from '../folder/session-view.ts';
import { MAX_OVERVIEW_BYTES } from '../layout/paths.ts';
import { openOrder, predecessorsNow } from './start-order.ts';
import { type TypedAnswers, typedAnswers } from './typed-answers.ts';

/**
 * Whether the wait of a session at rest has ended, and the event that ended it: judged once, for the supervisor and
 * for workers.
 */
export type Due =
  /** `leftMs`: until a time that it waits for; infinite if it waits for none. */
  | { kind: 'not_yet'; leftMs: number }
  /**
   * Answers to all questions in `_qa.md`; the program that watches the file decides whether a person is still
   * typing.
   */
  | ({ kind: 'answers'; fileHash: string } & TypedAnswers)
  | { kind: 'file'; fileHash: string }
  | { kind: 'phase'; phase: Phase; fileHash: string }
  | { kind: 'limit'; until: number }
  /** Its start order: it may begin, a person must be asked, or the question to that person is obsolete. */
  | { kind: 'begin' }
  | { kind: 'ask'; about: string; key: string }
  | { kind: 'withdraw'; asked: ControlQuestion; key: string };

export type DueOf<K extends Due['kind']> = Extract<Due, { kind: K }>;

/** In a file marked as answered, and in another one. */
const TYPING_REST = { markedMs: 2000, unmarkedMs: 30_000 };

/**
 * The milliseconds for which typed answers must stay unchanged before they count: editors save incomplete answers
 * automatically, and people pause while typing.
 */
export function typingRestMs(
  { isMarkedAnswered }: DueOf<'answers'>,
  { typingRest = TYPING_REST }: Partial<Pick<FrozenSettings, 'typingRest'>> = {},
): number {
  return isMarkedAnswered ? typingRest.markedMs : typingRest.unmarkedMs;
}

const NOT_YET: Due = { kind: 'not_yet', leftMs: Number.POSITIVE_INFINITY };

/**
 * Judges a session that waits. Pure.
 * @param others the sessions of its SESSIONS folder, including archived ones; only a start order needs them
 * @param now `atMs`: by the wall clock; `limitLeftMs`: what is left of a limit, as the caller has measured
 */
export function dueOf(
  state: SessionState,
  files: FilesNow,
  others: readonly SessionView[],
  { atMs, limitLeftMs = 0 }: { atMs: number; limitLeftMs?: number },
): Due {
  const { status } = state;
  const order = openOrder(state, files.session.order);
  const ofOrder = order && dueOfOrder(state, { ...files.session, order }, others, atMs);
  if (ofOrder !== undefined) return ofOrder;
  if (status.kind === 'limited' && limitLeftMs > 0) return { kind: 'not_yet', leftMs: limitLeftMs };
  if (status.kind === 'limited') return { kind: 'limit', until: status.until };
  const edit =
    status.kind === 'waiting' ? (typedNow(state, status, files) ?? changedFile(status, files)) : undefined;
  return edit ?? phaseNow(state, files) ?? NOT_YET;
}

/** @returns undefined if a person was asked about something that is still so: their answer is waited for */
function dueOfOrder(
  state: SessionState,
  session: FilesNow['session'] & { order: StartOrder },
  others: readonly SessionView[],
  atMs: number,
): Due | undefined {
  const { status, order: decided } = state;
  const now = predecessorsNow(session, others);
  if (status.kind === 'waiting') {
    const [asked] = asksOf(state, 'order');
    const [key = ''] = asked?.keys ?? [];
    if (asked === undefined || (now.kind === 'asks' && now.key === key)) return undefined;
    return { kind: 'withdraw', asked, key };
  }
  if (decided?.startsAnyway) return { kind: 'begin' };
  if (now.kind === 'asks' && now.key !== decided?.keptFor) return { ...now, kind: 'ask' };
  if (now.kind !== 'met') return NOT_YET;
  const { at } = session.order;
  const leftMs = typeof at === 'number' ? at - atMs : 0;
  return leftMs > 0 ? { kind: 'not_yet', leftMs } : { kind: 'begin' };
}

function typedNow(state: SessionState, status: WaitingStatus, { session, qa }: FilesNow): Due | undefined {
  if (qa === undefined || channelRefusal({ channel: 'file' }, session.settings) !== undefined)
    return undefined;
  const fileHash = fingerprint(qa);
  const typed = fileHash === status.fileHash ? undefined : typedAnswers(qa, state, status);
  return typed && { kind: 'answers', fileHash, ...typed };
}

function changedFile({ fileHash }: WaitingStatus, { awaited }: FilesNow): Due | undefined {
  return awaited === undefined || awaited === fileHash ? undefined : { kind: 'file', fileHash: awaited };
}

/** A change while an iteration is open might be its agent's. */
function phaseNow(state: SessionState, { overview }: FilesNow): Due | undefined {
  const phase = state.openIteration === undefined ? phaseWritten(state, overview) : undefined;
  return phase && { kind: 'phase', phase, fileHash: fingerprint(overview ?? '') };
}

/** The phase that the overview names, if it is another one than the session's. */
export function phaseWritten(
  { prepared, work, progress }: SessionState,
  overview: string | undefined,
): Phase | undefined {
  // The line of an imported session may still show its old phase, and a rewind that failed halfway may have
  // restored an older overview.
  if (!prepared || work?.kind === 'rewind' || overview === undefined) return undefined;
  const written = readOverview(overview).phase;
  const phase = written === undefined ? undefined : phaseNamed(written);
  return phase === progress.phase ? undefined : phase;
}

/** The files on which a waiting session depends; other files are not read. */
export interface FilesNow {
  session: Pick<SessionFile, 'folder' | 'group' | 'order' | 'settings'>;
  qa?: string;
  /** The fingerprint of the awaited file; empty if it is missing. */
  awaited?: string;
  overview?: string;
}

type Place = Pick<SessionView, 'paths' | 'state'>;

/** The paths of those files, the overview first. */
export function awaitedPaths({ paths, state: { status } }: Place): string[] {
  if (status.kind === 'blocked') return [paths.overview];
  if (status.kind !== 'waiting') return [];
  const files = [paths.overview];
  if (status.for === 'qa_answers') files.push(paths.qa);
  if (status.for === 'file_update' && status.file !== undefined)
    files.push(join(paths.sessionDir, status.file));
  return files;
}

/** Reads those files, for supervisor and worker alike. */
export async function readFilesNow(session: FilesNow['session'], place: Place): Promise<FilesNow> {
  const { status } = place.state;
  const [overview, other] = awaitedPaths(place);
  const isQa = status.kind === 'waiting' && status.for === 'qa_answers';
  return {
    session,
    overview: overview && (await documentText(overview, MAX_OVERVIEW_BYTES)),
    qa: isQa && other ? await documentText(other) : undefined,
    awaited: !isQa && other ? ((await documentFingerprint(other)) ?? '') : undefined,
  };
}
