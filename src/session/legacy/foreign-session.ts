import { join } from 'node:path';
import { decode, readPlainFile } from '../../base/files/plain-file.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import { readOverview } from '../documents/overview.ts';
import { currentPlanOf, planHash } from '../documents/plan.ts';
import { questionHash } from '../documents/qa-answer.ts';
import type { SessionView } from '../events/session-view.ts';
import { emptyState, type SessionState, type WaitingStatus } from '../events/state.ts';
import { MAX_DOCUMENT_BYTES, type SessionPaths } from '../layout/paths.ts';
import { type LegacyFolder, NESTED_FOLDER, readLegacyFolder } from './legacy-folder.ts';
import { type LegacyGate, type LegacyPlace, placeOf } from './legacy-gate.ts';

/**
 * A folder of the original tool, or one made by hand: it has nothing in `.run/`.
 * @returns undefined for any other folder
 */
export async function readForeignSession(paths: SessionPaths): Promise<SessionView | undefined> {
  const folder = await readLegacyFolder(paths);
  if (folder === undefined) return undefined;
  const found = placeOf(folder, paths.folder);
  const obstacles = [...nestedProblem(folder, paths), ...notPlainProblems(folder)];
  const unwritten = obstacles.length === 0 && folder.overview === undefined ? [UNWRITTEN] : [];
  return {
    folder: paths.folder,
    paths,
    state: await stateOf(folder, 'phase' in found ? found : undefined, paths),
    worker: 'none',
    pendingCommands: [],
    problems: [...obstacles, ...unwritten, ...('question' in found ? [found.question] : [])],
    wantsWorker: false,
    needsWorker: false,
    isForeign: true,
  };
}

const UNWRITTEN =
  'The session was stopped before its overview was written, so its task is not on record: give it as the goal when you resume.';

/** What is to be done with the overview of a nested session before a worker can take it over, in words for people. */
export function nestedProblem(
  { isNested, isNestedTwice }: LegacyFolder,
  { sessionDir }: SessionPaths,
): string[] {
  const outer = join(sessionDir, NESTED_FOLDER);
  if (isNestedTwice)
    return [
      `${join(outer, NESTED_FOLDER)} is a session inside a session. Decide which of the two to keep, and move the other one out of ${sessionDir}.`,
    ];
  if (!isNested) return [];
  const move = `mv -n ${shellWord(outer)}/* ${shellWord(`${sessionDir}/`)}`;
  return [
    `The overview is in ${NESTED_FOLDER}/, a layout that is no longer used. Move its files one folder up: ${move}`,
  ];
}

/** The same of whatever a worker could not write to. */
export function notPlainProblems({ notPlain }: LegacyFolder): string[] {
  return notPlain.map((name) => `${name} is not a plain file or folder: move it aside.`);
}

async function stateOf(
  folder: LegacyFolder,
  place: LegacyPlace | undefined,
  paths: SessionPaths,
): Promise<SessionState> {
  const empty = emptyState();
  const overview = readOverview(folder.overview ?? '');
  return {
    ...empty,
    createdAt: folder.since,
    status: await statusOf(folder, place, paths),
    progress: {
      ...empty.progress,
      ...(place && { phase: place.phase }),
      phaseIteration: overview.iteration ?? 0,
      totalIterations: overview.totalIterations ?? 0,
    },
  };
}

async function statusOf(
  folder: LegacyFolder,
  place: LegacyPlace | undefined,
  paths: SessionPaths,
): Promise<SessionState['status']> {
  const { since, overview } = folder;
  if (place?.isDone) return { kind: 'done', since, summary: readOverview(overview ?? '').lastAction ?? '' };
  const wait = place?.gate && (await waitAt(place.gate, folder, paths));
  if (wait && place?.gate?.wasAsked) return wait;
  const why = 'It was opened by hand or by the original samocode, and no worker runs it.';
  return { kind: 'stopped', since, by: { channel: 'file' }, why, parked: wait };
}

/** The wait in which the session will stand once a worker has taken it over. */
async function waitAt(gate: LegacyGate, folder: LegacyFolder, paths: SessionPaths): Promise<WaitingStatus> {
  const { questions, since } = folder;
  const { for: waitsFor, resumePhase } = gate;
  const wait = { kind: 'waiting', since, for: waitsFor, resumePhase } as const;
  if (waitsFor === 'plan_approval') {
    const plan = await planOf(folder, paths);
    return { ...wait, openQuestions: [], unconfirmed: [], ...(plan && { plan }) };
  }
  const unconfirmed = questions.flatMap((question) =>
    question.answer === undefined
      ? []
      : [{ id: question.id, question: questionHash(question), text: question.answer }],
  );
  return { ...wait, openQuestions: questions.map(({ id }) => id), unconfirmed };
}

async function planOf({ fileNames }: LegacyFolder, paths: SessionPaths): Promise<WaitingStatus['plan']> {
  const name = currentPlanOf(fileNames, paths.folder, []);
  if (name === undefined) return undefined;
  const reading = await readPlainFile(join(paths.sessionDir, name), MAX_DOCUMENT_BYTES);
  return reading.kind === 'bytes' ? { name, hash: planHash(decode(reading.bytes)) } : undefined;
}
