import { join } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { type Phase, phaseNamed } from '../../kernel/phases/table.ts';
import { channelRefusal } from '../commands/refused.ts';
import { documentFingerprint, documentText } from '../documents/documents.ts';
import { readOverview } from '../documents/overview.ts';
import { asksOf } from '../events/asks.ts';
import type { ControlQuestion, StartConditions } from '../events/bodies/positions.ts';
import type { SessionFile } from '../events/bodies/session-file.ts';
import { hasEnded } from '../events/rest.ts';
import type { SessionState } from '../events/state.ts';
import { isContinuedBy } from '../folder/read-session.ts';
import { isLost } from '../folder/session-list.ts';
import type { SessionView } from '../folder/session-view.ts';
import { MAX_OVERVIEW_BYTES } from '../layout/paths.ts';
import { watchedPullRequest } from './pull-request.ts';
import { openOrder, predecessorsNow } from './start-order.ts';
import { type TypedAnswers, typedAnswers } from './typed-answers.ts';

/** What a session waits for; `nextWake` judges whether it has come. */
export type Waits =
  /** Done, stopped or archived: a command that acts on it starts a worker. */
  | { for: 'nothing' }
  /** The same, but its pull request is watched. */
  | { for: 'pull_request' }
  /** A person: another supervisor has it, its worker or its log cannot be seen, or its format is newer. */
  | { for: 'person'; why: 'other_supervisor' | 'unseen' | 'lost' | 'newer' }
  /** Its worker is alive; its end wakes the session. */
  | { for: 'its_worker' }
  /** Its worker died or left work undone: it is restarted with a growing delay, a limited number of times. */
  | { for: 'revival' }
  /** Commands are pending and their sender started no worker: one is started after two seconds. */
  | { for: 'commands'; ids: readonly string[] }
  | AtRest;

/** The wait of a session without a worker and without pending work. */
type AtRest =
  /** A usage limit or an outage: started when it ends, by the wall clock. */
  | { for: 'limit'; until: number }
  /** A slot, or a new day of MAX_COST_USD_PER_DAY: started when it is scheduled. */
  | { for: 'turn' }
  /** Not begun: waits for other sessions or a time. Started when it can begin or a person must decide. */
  | { for: 'order'; order: StartConditions }
  /** An edit by a person: all answers, the awaited file, or a different `Phase:` line. The overview comes first. */
  | { for: 'edit'; files: string[]; order?: StartConditions };

/** @param identity the supervisor's */
export function waitsFor(view: SessionView, identity: string): Waits {
  const { state, pendingCommands, wantsWorker } = view;
  if (view.otherBuild?.is === 'newer') return { for: 'person', why: 'newer' };
  if (isLost(view)) return { for: 'person', why: 'lost' };
  // Also a session that has not begun: its first state is published before anyone starts it.
  if (view.worker === 'unknowable' && view.sessionFile?.pool)
    return { for: 'person', why: 'other_supervisor' };
  if (view.worker === 'alive') return { for: 'its_worker' };
  const isWatched = watchedPullRequest(state) !== undefined;
  if (!wantsWorker && (state.archived || (hasEnded(state.status.kind) && !isWatched)))
    return { for: 'nothing' };
  if (view.worker === 'unknowable') return { for: 'person', why: 'unseen' };
  if (!isContinuedBy(view, identity)) return { for: 'person', why: 'other_supervisor' };
  if (pendingCommands.length > 0) return { for: 'commands', ids: pendingCommands };
  if (wantsWorker) return { for: 'revival' };
  if (hasEnded(state.status.kind)) return { for: 'pull_request' };
  const { status } = state;
  const order = status.kind === 'queued' ? status.order : view.sessionFile?.order;
  // A healthy session has work for a worker; without any, its log was lost or moved.
  return atRest(view, openOrder(state, order)) ?? { for: 'person', why: 'lost' };
}

/** @param order what it still waits for before it begins */
export function atRest(
  { paths, state: { status } }: Place,
  order: StartConditions | undefined,
): AtRest | undefined {
  if (order !== undefined && status.kind !== 'waiting') return { for: 'order', order };
  switch (status.kind) {
    case 'queued':
      return { for: 'turn' };
    case 'limited':
      return { for: 'limit', until: status.until };
    case 'blocked':
      return { for: 'edit', files: [paths.overview] };
    case 'waiting': {
      const awaited =
        status.for === 'file_update' && status.file ? [join(paths.sessionDir, status.file)] : [];
      const files = [paths.overview, ...(status.for === 'qa_answers' ? [paths.qa] : awaited)];
      return { for: 'edit', files, order };
    }
    default:
      return undefined;
  }
}

/** What a worker is started for, or does. */
export type NextWake =
  /** `leftMs`: until a time that it waits for; infinite if it waits for none. */
  | { kind: 'not_yet'; leftMs: number }
  | { kind: 'revival' }
  | { kind: 'turn' }
  | { kind: 'commands'; ids: readonly string[] }
  /** Answers to all questions in `_qa.md`, which have rested. */
  | ({ kind: 'answers'; fileHash: string } & TypedAnswers)
  | { kind: 'file'; fileHash: string; file: string; resumePhase: Phase }
  | { kind: 'phase'; phase: Phase; fileHash: string }
  | { kind: 'limit'; until: number }
  /** Its start order: it may begin, a person must be asked, or the question to that person is obsolete. */
  | { kind: 'begin' }
  | { kind: 'ask'; about: string; key: string }
  | { kind: 'withdraw'; asked: ControlQuestion; key: string };

/** What the judgement depends on. */
export interface Judged {
  state: SessionState;
  session: Pick<SessionFile, 'folder' | 'group' | 'settings'>;
  files: FilesNow;
  /** The sessions of its SESSIONS folder, including archived ones; only a start order needs them. */
  others: readonly SessionView[];
}

/** As the caller has measured them. */
export interface Times {
  /** By the wall clock. */
  atMs: number;
  /** What is left of a limit. */
  limitLeftMs?: number;
  /** Since when it waits for this. */
  waitedMs?: number;
  /** For how long a `_qa.md` with this fingerprint has not changed. */
  restedMs?: (fileHash: string) => number;
}

/** The time that the sender of a command has to start a worker. */
const COMMAND_MS = 2000;
/** The interval at which a worker is looked at. */
const ITS_WORKER_MS = 1000;
/**
 * The time for which typed answers must stay unchanged before they count, in a file marked as answered and in another
 * one: editors save incomplete answers automatically, and people pause while typing.
 */
const TYPING_REST = { markedMs: 2000, unmarkedMs: 30_000 };

const notYet = (leftMs: number): NextWake => ({ kind: 'not_yet', leftMs });
const NEVER = notYet(Number.POSITIVE_INFINITY);

/** Judges whether a wait has ended, and by what, for the supervisor and for workers. Pure. */
export function nextWake(waits: Waits, seen: Judged, times: Times): NextWake {
  switch (waits.for) {
    case 'nothing':
    case 'pull_request':
    case 'person':
      return NEVER;
    case 'its_worker':
      return notYet(ITS_WORKER_MS);
    case 'revival':
    case 'turn':
      return { kind: waits.for };
    case 'commands': {
      const leftMs = COMMAND_MS - (times.waitedMs ?? 0);
      return leftMs > 0 ? notYet(leftMs) : { kind: 'commands', ids: waits.ids };
    }
    case 'limit': {
      const { limitLeftMs = 0 } = times;
      return limitLeftMs > 0 ? notYet(limitLeftMs) : { kind: 'limit', until: waits.until };
    }
    case 'order':
      return orderNow(waits.order, seen, times);
    case 'edit':
      return (
        questionNow(waits.order, seen) ??
        typedNow(seen, times) ??
        changedFile(seen) ??
        phaseNow(seen) ??
        NEVER
      );
    default:
      return waits satisfies never;
  }
}

function orderNow(
  order: StartConditions,
  { state: { order: decided }, session, others }: Judged,
  { atMs }: Times,
): NextWake {
  if (decided?.startsAnyway) return { kind: 'begin' };
  const now = predecessorsNow({ ...session, order }, others);
  if (now.kind === 'asks' && now.key !== decided?.keptFor) return { ...now, kind: 'ask' };
  if (now.kind !== 'met') return NEVER;
  const leftMs = typeof order.at === 'number' ? order.at - atMs : 0;
  return leftMs > 0 ? notYet(leftMs) : { kind: 'begin' };
}

/** A question about the start order is obsolete once the situation has changed. */
function questionNow(
  order: StartConditions | undefined,
  { state, session, others }: Judged,
): NextWake | undefined {
  const [asked] = asksOf(state, 'order');
  if (order === undefined || asked === undefined) return undefined;
  const [key = ''] = asked.keys ?? [];
  const now = predecessorsNow({ ...session, order }, others);
  return now.kind === 'asks' && now.key === key ? undefined : { kind: 'withdraw', asked, key };
}

function typedNow({ state, session, files: { qa } }: Judged, { restedMs }: Times): NextWake | undefined {
  const { status } = state;
  if (qa === undefined || status.kind !== 'waiting') return undefined;
  if (channelRefusal({ channel: 'file' }, session.settings) !== undefined) return undefined;
  const fileHash = fingerprint(qa);
  const typed = fileHash === status.fileHash ? undefined : typedAnswers(qa, state, status);
  if (typed === undefined) return undefined;
  const { markedMs, unmarkedMs } = session.settings.typingRest ?? TYPING_REST;
  const leftMs = (typed.isMarkedAnswered ? markedMs : unmarkedMs) - (restedMs?.(fileHash) ?? 0);
  return leftMs > 0 ? notYet(leftMs) : { kind: 'answers', fileHash, ...typed };
}

function changedFile({ state: { status }, files: { awaited } }: Judged): NextWake | undefined {
  if (awaited === undefined || status.kind !== 'waiting' || awaited === status.fileHash) return undefined;
  const { file = '', resumePhase } = status;
  return { kind: 'file', fileHash: awaited, file, resumePhase };
}

/** A change while an iteration is open might be its agent's. */
function phaseNow({ state, files: { overview } }: Judged): NextWake | undefined {
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
  qa?: string;
  /** The fingerprint of the awaited file; empty if it is missing. */
  awaited?: string;
  overview?: string;
}

type Place = Pick<SessionView, 'paths' | 'state'>;

/** Reads those files, for supervisor and worker alike. */
export async function readFilesNow(waits: Waits, { status }: SessionState): Promise<FilesNow> {
  if (waits.for !== 'edit') return {};
  const [overview, other] = waits.files;
  const isQa = status.kind === 'waiting' && status.for === 'qa_answers';
  return {
    overview: overview && (await documentText(overview, MAX_OVERVIEW_BYTES)),
    qa: isQa && other ? await documentText(other) : undefined,
    awaited: !isQa && other ? ((await documentFingerprint(other)) ?? '') : undefined,
  };
}
