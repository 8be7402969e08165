import type { Clock } from '../../kernel/clock.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import type { Watcher } from '../../kernel/files/watcher.ts';
import type { Rules } from '../../kernel/phases/outcome.ts';
import type { ChecksRan, Proving } from '../../kernel/phases/proving.ts';
import type { Host } from '../../kernel/processes/host.ts';
import type { WorktreeSeen } from '../../project/checkpoints/checkpoint.ts';
import type { KnownCheckpoint } from '../../project/checkpoints/checkpoint-refs.ts';
import type { BranchFacts } from '../../project/proving/branch-facts.ts';
import type { MainCheckout } from '../../project/worktrees/main-checkout.ts';
import type { LaunchReason } from '../../sandbox/programs/launch-worker.ts';
import type { ChildrenEnvironment } from '../../sandbox/programs/login-shell.ts';
import { channelRefusal } from '../../session/commands/refused.ts';
import type { GivenTexts, SessionFile } from '../../session/events/bodies/session-file.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { SessionState } from '../../session/events/state.ts';
import type { Slots } from '../../session/folder/slots.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import type { EventWriter, LogMark } from '../../session/log/event-writer.ts';
import type { Projector } from '../documents/projector.ts';
import type { GitGuard } from './git-guard.ts';
import { ifTaken, patiently } from './passing-errors.ts';
import type { SupervisorClient } from './supervisor-client.ts';
import type { WorkerGuard } from './worker-guard.ts';

/** What all parts of a worker share: one session, its events, and the machine. */
export interface Worker {
  readonly paths: SessionPaths;
  readonly file: SessionFile;
  readonly given: GivenTexts;
  readonly clock: Clock;
  readonly host: Host;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly environment: ChildrenEnvironment;
  /** Of the repository, as `checkoutsOf` finds them. */
  readonly checkouts: readonly string[];
  /** The built rehearsal agent, started with our own node. */
  readonly rehearsalProgram: string;
  readonly writer: EventWriter;
  readonly projector: Projector;
  readonly git: GitGuard;
  readonly guard: WorkerGuard;
  readonly slots: Slots;
  /** Why the session continues, as observed by the program that started this worker. */
  readonly wake: LaunchReason;
  readonly watch: SupervisorClient;
  readonly memory: WorkerMemory;
}

/** Kept in memory only, so that no agent can have changed it. */
export interface WorkerMemory {
  /** See `patiently`. */
  heldUp?: Set<string>;
  runFolder?: {
    iteration: number;
    entries: Readonly<Record<string, string>>;
    written?: string[] | undefined;
    log: LogMark;
    lease: number;
    /** Whether it was compared after the agent's end and nothing had changed. */
    isCompared: boolean;
  };
  /** Of the folder of commands; used for one agent after the other, since it takes time to open. */
  watcher?: Watcher;
  /** The wrapper that this worker started last: its end wakes the watcher. */
  wrapperPid?: number;
  lastKept?: KnownCheckpoint & {
    /** Of the documents that the worker does not write between two agents, as they were before it. */
    documentsPrint: string;
  };
  /**
   * The worktree and the main checkout after the last agent, at event number `n`; without them, git's settings were read
   * then. Dropped as soon as the worker waits for anything: the next agent then gets a new look.
   */
  seen?: { n: number; worktree?: WorktreeSeen; mainCheckout?: MainCheckout | undefined };
  /** The checks on the base commit, which run in parallel with agents. */
  baseRun?: {
    /** Resolves when the clone is made and SETUP has run there, or when another session runs these checks. */
    begun: Promise<unknown>;
    /** Undefined: it was stopped, or it failed. */
    ended: Promise<ChecksRan | undefined>;
    result?: ChecksRan;
    /** Why nothing can be proved here. */
    failure?: SamocodeError;
    stop: AbortController;
  };
  /** The work on the branch, as last read: most agents do not move it. */
  branchFacts?: BranchFacts;
  /** The newest iteration whose cost counts against the daily limit. */
  notedCostOf?: number;
}

/**
 * Writes events as one commit, then what derives from them; a failed projection is repeated later. While the disk
 * accepts no writes, it waits instead of losing the session.
 */
export async function record(worker: Worker, ...events: readonly NewEvent[]): Promise<void> {
  const { writer, projector } = worker;
  const written = await patiently(worker, 'events not written', () => writer.append(...events));
  await projector.apply(writer.state, written);
  const text = projector.takeReplaced();
  if (text !== undefined) await record(worker, { type: 'notice', code: 'overview_replaced', text });
}

/** Like `record`, without waiting. @returns false when the disk accepts no writes: nothing was written */
export async function recordIfTaken(worker: Worker, ...events: readonly NewEvent[]): Promise<boolean> {
  const written = await ifTaken(worker.writer.append(...events));
  if (written !== undefined) await worker.projector.apply(worker.writer.state, written);
  return written !== undefined;
}

export function stateOf(worker: Pick<Worker, 'writer'>): SessionState {
  return worker.writer.state;
}

/** A plan always parks; a gate that the settings omit is then opened at once, recorded as the person's choice. */
export function choicesOf({ file: { settings, review } }: Worker): Omit<Rules, 'maxRetries' | 'patience'> {
  const plansApart = (settings.models.planning ?? settings.providers.planning) !== undefined;
  return { gates: { qa: settings.gates.includes('qa'), plan: true }, review: review === true, plansApart };
}

/** The commands that must succeed before done: those set at the start, or at a later resume. */
export function checksOf(worker: Worker): readonly string[] {
  return stateOf(worker).checks ?? worker.file.settings.checks;
}

/** Where and how checks run: as set at the start, or at a later resume. */
export function provingOf(worker: Worker): Proving {
  return stateOf(worker).proving ?? worker.file.settings.proving;
}

export function takesTypedAnswers({ file }: Pick<Worker, 'file'>): boolean {
  return channelRefusal({ channel: 'file' }, file.settings) === undefined;
}
