import { constants } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { crashPoint, failPoint } from '../../kernel/fault-points.ts';
import { appendLines, ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { syncFolder, writeUnsynced, writeWhole } from '../../kernel/files/atomic-file.ts';
import { changeFile } from '../../kernel/files/change-file.ts';
import { readTail } from '../../kernel/files/lines.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { outputsOf } from '../../kernel/phases/proving.ts';
import { describeEvent } from '../../session/documents/describe-event.ts';
import { quotedPlan } from '../../session/documents/given-plan.ts';
import { historyLine } from '../../session/documents/history.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import type { OverviewChange, StatusBlock } from '../../session/documents/overview.ts';
import { changeOverview, newOverview, readOverview } from '../../session/documents/overview.ts';
import { ledgerText, withStates } from '../../session/documents/requirements.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { picturesIn } from '../../session/events/bodies/pictures.ts';
import type { SessionFile } from '../../session/events/bodies/session-file.ts';
import type { EventOf, SessionEvent } from '../../session/events/events.ts';
import type { SessionState, Status } from '../../session/events/state.ts';
import { MAX_OVERVIEW_BYTES, type SessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { makeProof, provingEvents } from '../../session/proof/make-proof.ts';
import { proofText, type SessionProof } from '../../session/proof/proof.ts';
import { proofMarkdown } from '../../session/proof/proof-markdown.ts';
import { nowText } from '../../session/words/words.ts';
import { readOwnOverview, writeRecordedAnswers } from './own-documents.ts';

/** Events that can change the state of an entry in the requirement ledger. */
const MOVES_LEDGER: ReadonlySet<EventType> = new Set([
  'plan_approved',
  'checks_ran',
  'iteration_ended',
  'rewound',
]);

/**
 * Writes what derives from the events: overview lines, history, session.log, now.json. Each write can be repeated.
 * session.log is written last and with event numbers, so that its last line shows what was written.
 */
export class Projector {
  #paths: SessionPaths;
  readonly #file: SessionFile;
  #unwritten: SessionEvent[] = [];
  #problem: unknown;
  readonly #overview: OverviewWriter;

  /** @param machine the name of this machine, for readers who have only the documents */
  constructor(paths: SessionPaths, file: SessionFile, machine?: string) {
    this.#paths = paths;
    this.#file = file;
    this.#overview = new OverviewWriter(file, machine);
  }

  /** The last failure, until the disk accepts writes again. */
  get problem(): unknown {
    return this.#problem;
  }

  /** A message about an unusable file replaced by a new overview; returned once. */
  takeReplaced(): string | undefined {
    return this.#overview.takeReplaced();
  }

  /** Continues in a session folder that was moved. */
  relocate(paths: SessionPaths): void {
    this.#paths = paths;
  }

  /** Never throws: the events are the truth, and a failed write is repeated with the next ones. */
  async apply(state: SessionState, events: readonly SessionEvent[]): Promise<void> {
    this.#unwritten.push(...events);
    // Before session_created, the worker must not create the folder.
    if (this.#unwritten.length === 0 || state.createdAt === undefined) return;
    try {
      await this.#write(state, this.#unwritten);
      this.#unwritten = [];
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error;
    }
  }

  /** Writes what the last worker could not write. */
  async catchUp(state: SessionState): Promise<void> {
    // Of a batch, only the newest line may have been written, and an agent may have written any number of lines.
    const from = Math.max(0, Math.min(this.writtenUpTo(), state.n) - 16);
    await this.apply(state, await readEvents(this.#paths, from));
  }

  /** The newest event in session.log: everything derived from earlier events was written. */
  writtenUpTo(): number {
    return loggedUpTo(this.#paths);
  }

  /** Writes a small summary of the current state for status bars. A cache: losing it is harmless. */
  writeNow(state: SessionState, activity?: string): void {
    writeUnsynced(this.#paths.now, nowText(this.#file, state, activity));
  }

  /** Before an approval the ledger belongs to the agents. */
  async #writeLedger(state: SessionState): Promise<void> {
    const text = state.approvedPlan && (await ledgerText(this.#paths));
    const stated = text && withStates(text, state);
    if (stated && stated !== text) await writeWhole(this.#paths.requirements, stated, { sync: 'file' });
  }

  async #write(state: SessionState, events: readonly SessionEvent[]): Promise<void> {
    failPoint('projections');
    ensurePlainFolder(this.#paths.sessionDir);
    await this.#overview.write(this.#paths, state, events);
    crashPoint('after-overview');
    for (const event of events) if (event.type === 'session_created') await writeGiven(this.#paths, event);
    if (events.some((event) => event.type === 'answers_recorded'))
      await writeRecordedAnswers(this.#paths, state);
    if (events.some(({ type }) => MOVES_LEDGER.has(type))) await this.#writeLedger(state);
    writeHistory(this.#paths, events);
    crashPoint('after-history');
    if (events.some(({ type }) => type === 'done')) await writeProof(this.#paths);
    this.writeNow(state);
    writeSessionLog(this.#paths, events);
  }
}

/** Writes `proof/`: the events' results and the output of the checks. */
async function writeProof(paths: SessionPaths): Promise<void> {
  const events = await readEvents(paths, 0);
  const proof = makeProof(events);
  if (proof === undefined) return;
  const outputs = join(paths.proof, 'outputs');
  ensurePlainFolder(paths.proof);
  ensurePlainFolder(outputs);
  const runs = provingEvents(events).flatMap((event) => [
    ...(event?.runs ?? []),
    ...(event?.onBase?.runs ?? []),
  ]);
  for (const output of outputsOf(runs))
    await keepOutput(join(paths.runDir, output), join(outputs, basename(output)));
  await keepPictures(paths, events, proof);
  await writeWhole(join(paths.proof, 'proof.json'), proofText(proof), { sync: 'file' });
  await writeWhole(join(paths.proof, 'proof.md'), proofMarkdown(proof), { sync: 'file' });
  // A session that is done has no worker that could write them again.
  await syncFolder(paths.proof);
}

async function keepPictures(
  paths: SessionPaths,
  events: readonly SessionEvent[],
  { pictures }: SessionProof,
): Promise<void> {
  const taken = events.findLast(
    (event) => event.type === 'pictures_taken' && event.commit === pictures?.commit,
  );
  if (taken?.type !== 'pictures_taken') return;
  const folder = join(paths.proof, 'pictures');
  ensurePlainFolder(folder);
  for (const { file, hash } of picturesIn(taken))
    await keepOutput(join(paths.runDir, file), join(folder, `${hash}.png`));
}

/** Not a plain copy, which would follow a link that an agent may have put there. */
async function keepOutput(from: string, to: string): Promise<void> {
  const draft = `${to}.draft`;
  await rm(draft, { recursive: true, force: true });
  const copied = copyFile(from, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE).then(() => true);
  // Machine files of old iterations are removed; the proof keeps their fingerprints.
  if ((await ifExists(copied)) === undefined) return;
  await rm(to, { recursive: true, force: true });
  await rename(draft, to);
}

/** How much of a file's end is searched for existing lines. */
const TAIL_BYTES = 64 * 1024;

/** The number of the newest event in session.log. */
function loggedUpTo({ sessionLog }: Pick<SessionPaths, 'sessionLog'>): number {
  const tail = readTail(sessionLog, TAIL_BYTES);
  const written = [...tail.matchAll(/\(#(\d+)\)$/gm)].map((match) => Number(match[1]));
  return Math.max(0, ...written);
}

function writeHistory({ history }: Pick<SessionPaths, 'history'>, events: readonly SessionEvent[]): void {
  const ended = events.filter((event) => event.type === 'iteration_ended');
  if (ended.length === 0) return;
  const tail = readTail(history, TAIL_BYTES);
  const written = [...tail.matchAll(/"n":(\d+)[,}]/g)].map((match) => Number(match[1]));
  // Lines are in order: events older than the oldest one here were written before it.
  const oldest = written.length > 0 ? Math.min(...written) : 0;
  const missing = ended.filter(({ n }) => !written.includes(n) && !(n < oldest));
  appendLines(history, missing.map(historyLineOf).join(''), isJson);
}

function writeSessionLog(
  { sessionLog }: Pick<SessionPaths, 'sessionLog'>,
  events: readonly SessionEvent[],
): void {
  const tail = readTail(sessionLog, TAIL_BYTES);
  const lines = events.map((event) => {
    const text = describeEvent(event);
    const mark = `(#${event.n})`;
    if (text === undefined || tail.includes(`${mark}\n`)) return '';
    return sessionLogLine(stampsAt(Date.parse(event.at)).log, `${text} ${mark}`);
  });
  appendLines(sessionLog, lines.join(''));
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** One line of `session.log`, LF included. @param stamp `MM-DD HH:MM` */
export function sessionLogLine(stamp: string, text: string): string {
  return `[${stamp}] ${oneLine(text)}\n`;
}

/** Writes the parts of `_overview.md` that derive from the events. */
export class OverviewWriter {
  readonly #machine: string | undefined;
  readonly #file: SessionFile;
  /** The phase that this worker wrote last. */
  #phase: string | undefined;
  #replaced: string | undefined;

  constructor(file: SessionFile, machine: string | undefined) {
    this.#file = file;
    this.#machine = machine;
  }

  /** A message about an unusable file replaced by a new overview; returned once. */
  takeReplaced(): string | undefined {
    const replaced = this.#replaced;
    this.#replaced = undefined;
    return replaced;
  }

  async write(paths: SessionPaths, state: SessionState, events: readonly SessionEvent[]): Promise<void> {
    const { phase: ours } = state.progress;
    const leavesPhase = this.#phase === ours && !events.some(rewritesPhase);
    // A deleted overview is recreated with the flow lines of all events.
    const isMissing = (await readOwnOverview(paths)) === undefined;
    const needsAll = isMissing || events.some(({ type }) => MAY_SHOW_WITHDRAWN.has(type));
    const all = needsAll ? await readEvents(paths, 0) : events;
    const dropFlow = withdrawnFlow(all);
    const flow = newestFlow(isMissing ? all : events).filter((line) => !dropFlow.includes(line));
    const { status, ...others } = overviewChange(state, flow);
    const change = (text: string | undefined) => {
      const typed = leavesPhase && text !== undefined ? readOverview(text).phase : undefined;
      const phase = typed ?? ours;
      return changeOverview(text ?? overviewOf(this.#file, state), {
        status: { ...status, phase, host: this.#machine },
        ...others,
        dropFlow,
      });
    };
    await changeFile(paths.overview, change, {
      sync: 'file',
      maxBytes: MAX_OVERVIEW_BYTES,
      onUnusable: (problem, aside) => {
        const kept = aside === undefined ? '' : ` Its former text is now ${basename(aside)}.`;
        this.#replaced = `_overview.md was ${problem}; it was rewritten from the event log.${kept}`;
      },
    });
    this.#phase = ours;
  }
}

/** A restored overview must not be too large to read. */
const MAX_FLOW_LINES = 500;

function newestFlow(events: readonly SessionEvent[]): string[] {
  return events.flatMap(flowLinesOf).slice(-MAX_FLOW_LINES);
}

/** A rewind restores an overview from before the withdrawal. */
const MAY_SHOW_WITHDRAWN: ReadonlySet<EventType> = new Set(['message_withdrawn', 'rewound']);

/** The lines with the text of messages that were withdrawn: every agent reads the overview. */
function withdrawnFlow(events: readonly SessionEvent[]): string[] {
  const ids = new Set(events.flatMap((event) => (event.type === 'message_withdrawn' ? [event.id] : [])));
  const kept = events.filter((event) => event.type === 'message_kept' && ids.has(event.id));
  return kept.flatMap(flowLinesOf);
}

function overviewOf({ task, dive, folder, mainRepo, createdAt }: SessionFile, state: SessionState): string {
  const started = stampsAt(Date.parse(state.createdAt ?? createdAt)).minute;
  return newOverview({ title: folder, started, workingDir: state.worktree?.path ?? mainRepo, task, dive });
}

/** The worker's part of the overview, from the state. */
function overviewChange(
  state: SessionState,
  flow: readonly string[],
): OverviewChange & { status: StatusBlock } {
  const { phase, phaseIteration, totalIterations, qualityRounds } = state.progress;
  const status = {
    phase,
    iteration: phaseIteration,
    totalIterations,
    blocked: blockedWord(state.status),
    qualityIteration: phase === 'quality' ? qualityRounds + 1 : undefined,
  };
  return { status, appendFlow: flow, workingDir: state.worktree?.path };
}

/**
 * Events after which the phase line is rewritten: an agent may have changed it, or a person may have set a phase behind
 * a closed gate. After any other event a different line is a person's edit, not yet read.
 */
function rewritesPhase(event: SessionEvent): boolean {
  return event.type === 'notice' ? event.code === 'gate_closed' : REWRITES_PHASE.includes(event.type);
}

const REWRITES_PHASE: readonly EventType[] = [
  'prepared',
  'iteration_started',
  'iteration_ended',
  'phase_set',
  'rewound',
  'rewind_failed',
];

/** The flow log lines of an event: the worker's own, and those that an agent wrote. */
function flowLinesOf(event: SessionEvent): string[] {
  const own = event.flow === undefined ? [] : [`[${stampsAt(Date.parse(event.at)).log}] ${event.flow}`];
  return event.type === 'iteration_ended' ? [...event.flowLines, ...own] : own;
}

/** One line of `_signal_history.jsonl`, LF included. */
function historyLineOf(event: EventOf<'iteration_ended'>): string {
  const { iteration, phase, ending, signal, at, n } = event;
  return historyLine({
    timestamp: stampsAt(Date.parse(at)).second,
    iteration,
    phase: signal?.phase ?? phase,
    status: signal?.status ?? 'none',
    ...(signal === undefined && { ending }),
    summary: signal?.summary,
    reason: signal?.reason,
    needs: signal?.needs,
    for: signal?.for,
    n,
  });
}

function blockedWord(status: Status): 'no' | 'waiting_human' | 'yes' {
  if (status.kind === 'waiting') return 'waiting_human';
  return status.kind === 'blocked' ? 'yes' : 'no';
}

async function writeGiven(
  paths: SessionPaths,
  { file: { givenPlan }, given: { plan, issue, chat } = {} }: EventOf<'session_created'>,
): Promise<void> {
  if (givenPlan && plan !== undefined)
    await writeWhole(paths.givenPlan, quotedPlan({ ...givenPlan, text: plan }));
  if (issue !== undefined) await writeWhole(paths.issue, issue);
  if (chat !== undefined) await writeWhole(paths.chat, chat);
}
