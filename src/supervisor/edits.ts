import { join } from 'node:path';
import { fingerprint } from '../base/files/fingerprint.ts';
import { phaseNamed } from '../phases/table.ts';
import type { Wake } from '../providers/starting/launch-worker.ts';
import { closedChannel } from '../session/commands/judge-kind.ts';
import { documentFingerprint, documentText } from '../session/documents/documents.ts';
import { readOverview } from '../session/documents/overview.ts';
import {
  type RestingFile,
  restingFile,
  TYPING_REST,
  typedAnswers,
} from '../session/documents/typed-answers.ts';
import type { SessionView } from '../session/events/session-view.ts';
import type { WaitingStatus } from '../session/events/state.ts';
import { MAX_OVERVIEW_BYTES } from '../session/layout/paths.ts';

/** The result of a person's edits to a parked session. */
export type Edit = {
  /** Typed answers, watched until they have not changed for a while. */
  resting?: RestingFile;
} & (
  | { wake?: undefined }
  /** What a worker is started with; `evidence` identifies the text that is the reason to start one. */
  | { wake: Wake; evidence: string }
);

/** Reads the files of a session that waits for a person. The worker decides whether a change opens a gate. */
export async function readEdit(
  view: SessionView,
  before: RestingFile | undefined,
  monotonicMs: number,
): Promise<Edit> {
  const { status } = view.state;
  if (status.kind === 'waiting') {
    const edit =
      status.for === 'qa_answers'
        ? await typed(view, status, before, monotonicMs)
        : await awaitedFile(view, status);
    if (edit !== undefined) return edit;
  }
  return await phaseLine(view);
}

async function typed(
  view: SessionView,
  status: WaitingStatus,
  before: RestingFile | undefined,
  nowMs: number,
): Promise<Edit | undefined> {
  const settings = view.sessionFile?.settings;
  if (settings === undefined || closedChannel({ channel: 'file' }, settings)) return undefined;
  const text = await documentText(view.paths.qa);
  if (text === undefined) return undefined;
  const fileHash = fingerprint(text);
  if (fileHash === status.fileHash) return undefined;
  const answers = typedAnswers(text, view.state, status);
  if (answers === undefined) return undefined;
  const resting = restingFile(before, { ...answers, fileHash }, nowMs, settings.typingRest ?? TYPING_REST);
  if (nowMs < resting.dueAtMs) return { resting };
  return { resting, wake: { rested: fileHash }, evidence: `answers ${fileHash}` };
}

async function awaitedFile({ paths }: SessionView, status: WaitingStatus): Promise<Edit | undefined> {
  if (status.for !== 'file_update' || status.file === undefined) return undefined;
  const hash = (await documentFingerprint(join(paths.sessionDir, status.file))) ?? '';
  return hash === status.fileHash ? undefined : { wake: {}, evidence: `file ${hash}` };
}

async function phaseLine({ paths, state }: SessionView): Promise<Edit> {
  if (!state.prepared) return {};
  const text = await documentText(paths.overview, MAX_OVERVIEW_BYTES);
  if (text === undefined) return {};
  const written = readOverview(text).phase;
  const phase = written === undefined ? undefined : phaseNamed(written);
  if (phase === undefined || phase === state.progress.phase) return {};
  return { wake: {}, evidence: `phase ${fingerprint(text)}` };
}
