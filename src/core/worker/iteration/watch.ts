import type { Provider } from '../../agents/contract/provider.ts';
import { judgePrinted } from '../../agents/reading/offered-tools.ts';
import { age } from '../../kernel/durations.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { quickPrint } from '../../project/checkpoints/worktree-print.ts';
import { isGitError } from '../../project/git/git-errors.ts';
import type { ChildRecord } from '../../sandbox/programs/run-child.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { ODD_TOOLS, OVERAGE } from '../../session/events/fold-spent.ts';
import { documentsPrint } from '../guarding/changes.ts';
import { noteWindows } from '../limits/account.ts';
import { endsByBudget, liveSpent } from '../limits/budget.ts';
import type { AgentOutput } from '../limits/output.ts';
import { type Iteration, readAwakeMs, type WithFiles } from '../state/iteration.ts';
import { AgentTree, isAlive, requireLease } from '../state/processes.ts';
import { recordIfTaken, stateOf, type Worker } from '../state/worker.ts';

/** Why the worker stopped watching; for all but `exited` it ends the agent. */
export const WATCH_ENDS = [
  'exited',
  'timeout',
  'stop',
  'flooded',
  'silent',
  'stalled',
  'lingers',
  'network',
  'budget',
  'overage',
  'unfit',
  'denied',
] as const;
export type WatchEnd = (typeof WATCH_ENDS)[number];

export interface WatchedAgent {
  end: WatchEnd;
  awakeMs: number;
  known: AgentTree['known'];
}

/** Polling interval for the agent's end and for commands, where the file system reports no events. */
export const SAMPLE_EVERY_MS = 1000;
/** By then the wrapper is known, while hardly any agent has started another process. */
const FIRST_SAMPLE_MS = 250;

function overageNotice({ cli, iteration }: Iteration): NewEvent {
  const text = `${cli.title} reports that the plan is used up and that iteration ${iteration} works on extra usage, which its account pays for. With OVERAGE=wait a session waits for the limit instead.`;
  return { type: 'notice', code: OVERAGE, text, flow: text };
}

/** Samples time, output and processes about once a second. */
export class Sampler {
  readonly #worker: Worker;
  readonly #open: Iteration;
  readonly #cli: Provider;
  readonly #child: ChildRecord;
  readonly #log: AgentOutput;
  readonly #awake: AwakeTime;
  readonly #limits: WatchLimits;
  readonly #stall: StallWatch;
  readonly #tree: AgentTree;
  #aliveAt: number | undefined;
  #sampledAt: number;
  #untold: NewEvent[] = [];
  #shown: string | undefined;
  #noted: AgentOutput['seen']['windows'];
  #finalAtMs: number | undefined;
  #offlineAtMs: number | undefined;

  constructor(worker: Worker, open: Iteration, child: ChildRecord, log: AgentOutput, awake: AwakeTime) {
    this.#worker = worker;
    this.#open = open;
    this.#cli = open.cli;
    this.#child = child;
    this.#log = log;
    this.#awake = awake;
    this.#limits = watchLimits(worker.file.settings);
    this.#tree = new AgentTree(worker, child);
    this.#stall = new StallWatch(worker, this.#limits, awake.ms);
    this.#sampledAt = worker.clock.monotonic() - SAMPLE_EVERY_MS + FIRST_SAMPLE_MS;
  }

  watched(end: WatchEnd): WatchedAgent {
    // The time since the last sample counts too.
    this.#awake.tick();
    this.#awake.save();
    return { end, awakeMs: this.#awake.ms, known: this.#tree.known };
  }

  get restMs(): number {
    const sampledMs = this.#worker.clock.monotonic() - this.#sampledAt;
    return Math.max(0, Math.min(this.#everyMs - sampledMs, this.#open.timeLimitMs - this.#awake.ms));
  }

  /** Its mode and its tools are judged before it calls the first one, which takes a model about a second. */
  get #everyMs(): number {
    const { started } = this.#log.seen;
    const isAwaited = this.#cli.tools?.needed !== undefined && started.cliSession === undefined;
    return isAwaited ? FIRST_SAMPLE_MS : SAMPLE_EVERY_MS;
  }

  /** @returns why the agent must be ended; undefined if it may continue */
  async sample(): Promise<WatchEnd | undefined> {
    this.#awake.tick();
    if (this.#awake.ms >= this.#open.timeLimitMs) return 'timeout';
    const now = this.#worker.clock.monotonic();
    if (await this.#isGone(now)) return 'exited';
    if (now - this.#sampledAt < this.#everyMs) return undefined;
    this.#sampledAt = now;
    this.#awake.saveIfDue();
    return await this.#sample();
  }

  /** A killed wrapper records no exit. Checked at most once a second, because a check can start a `ps`. */
  async #isGone(now: number): Promise<boolean> {
    if (this.#aliveAt !== undefined && now - this.#aliveAt < SAMPLE_EVERY_MS) return false;
    this.#aliveAt = now;
    return !(await isAlive(this.#worker, this.#child));
  }

  async #sample(): Promise<WatchEnd | undefined> {
    await requireLease(this.#worker);
    await this.#worker.watch.ensureRunning(this.#worker.paths.sessionsDir);
    if (this.#untold.length > 0 && (await recordIfTaken(this.#worker, ...this.#untold))) this.#untold = [];
    this.#log.readOn();
    this.#show();
    await this.#noteWindows();
    const bytes = this.#log.printedBytes;
    // Outside the guard, a process could later detach from its parents and drop its marker, so record it now.
    if (!this.#child.guard) await this.#tree.noteMembers();
    if (bytes > this.#limits.logCeilingBytes) return 'flooded';
    if (await this.#isUnfit()) return 'unfit';
    if (this.#log.seen.isDenied) return 'denied';
    if (await this.#isOverBudget()) return 'budget';
    if (await this.#isOverage()) return 'overage';
    if (bytes === 0 && this.#isSilentTooLong()) return 'silent';
    return this.#lingers() ?? this.#isCutOff() ?? (await this.#stalls(bytes));
  }

  #isSilentTooLong(): boolean {
    return this.#awake.ms > this.#limits.firstByteMs;
  }

  /** Reports once per CLI that its tools are not those that were asked for. */
  async #isUnfit(): Promise<boolean> {
    const asked = { phase: this.#open.phase, permissions: this.#worker.file.settings.permissions };
    const { unfit, warning } = judgePrinted(this.#cli, asked, this.#log.seen.started);
    const code = `${ODD_TOOLS}${this.#open.provider}`;
    if (warning !== undefined && !stateOf(this.#worker).budgetWarned.includes(code))
      await recordIfTaken(this.#worker, { type: 'notice', code, text: warning, flow: warning });
    return unfit !== undefined;
  }

  /** After its final event an agent spends no more. */
  async #isOverBudget(): Promise<boolean> {
    const spent = liveSpent(this.#log.seen, this.#awake.ms);
    const isOver = await endsByBudget(this.#worker, this.#open, spent);
    return isOver && this.#log.seen.final === undefined;
  }

  /** Tells once that the work is paid for in addition to the plan. */
  async #isOverage(): Promise<boolean> {
    const { seen } = this.#log;
    if (!seen.isOverage) return false;
    const { overage } = this.#worker.file.settings;
    if (!stateOf(this.#worker).budgetWarned.includes(OVERAGE))
      await recordIfTaken(this.#worker, overageNotice(this.#open));
    return overage === 'wait' && seen.final === undefined;
  }

  /** Whether the CLI keeps running after its final event, although its outcome is known. */
  #lingers(): WatchEnd | undefined {
    if (this.#log.seen.final === undefined) return undefined;
    this.#finalAtMs ??= this.#awake.ms;
    return this.#awake.ms - this.#finalAtMs > this.#limits.afterFinalMs ? 'lingers' : undefined;
  }

  /** A CLI can wait for the network forever. */
  #isCutOff(): WatchEnd | undefined {
    if (!this.#log.seen.isOffline) {
      this.#offlineAtMs = undefined;
      return undefined;
    }
    this.#offlineAtMs ??= this.#awake.ms;
    return this.#awake.ms - this.#offlineAtMs > this.#limits.networkWaitMs ? 'network' : undefined;
  }

  async #stalls(bytes: number): Promise<WatchEnd | undefined> {
    const verdict = await this.#stall.check(this.#awake.ms, { bytes, isInTool: this.#log.seen.isInTool });
    if (verdict === 'announce') {
      const text = `The agent of iteration ${this.#open.iteration} seems stalled: no output and no file change for ${age(this.#limits.stallMs)}.`;
      const stalled: NewEvent = { type: 'notice', code: 'stalled', text };
      if (!(await recordIfTaken(this.#worker, stalled))) this.#untold.push(stalled);
    }
    return verdict === 'end' ? 'stalled' : undefined;
  }

  async #noteWindows(): Promise<void> {
    const { windows } = this.#log.seen;
    if (windows === this.#noted) return;
    this.#noted = windows;
    await noteWindows(this.#worker, this.#cli.name, windows, this.#log.printedAt);
  }

  // A status bar can miss an update; the agent's work is not interrupted.
  #show(): void {
    if (this.#log.seen.activity === this.#shown) return;
    this.#shown = this.#log.seen.activity;
    try {
      this.#worker.projector.writeNow(stateOf(this.#worker), this.#shown);
    } catch {
      // Shown with the next change.
    }
  }
}

/** When an agent counts as stuck, in awake milliseconds unless stated otherwise. */
export type WatchLimits = Required<FrozenSettings['watch'] & {}>;

const MINUTE_MS = 60_000;

const DEFAULTS: WatchLimits = {
  /** Silence before the first byte: a CLI that hangs while it starts. */
  firstByteMs: 3 * MINUTE_MS,
  /** No output, no file change and no open tool call: reported as stalled. */
  stallMs: 10 * MINUTE_MS,
  /** When the same has lasted this long, the agent is ended, and the next one gets a note. */
  stallEndMs: 20 * MINUTE_MS,
  /** Still alive after its final event. */
  afterFinalMs: 30_000,
  /** Nothing but attempts to reach the network. */
  networkWaitMs: 10 * MINUTE_MS,
  logCeilingBytes: 2 * 1024 ** 3,
};

export function watchLimits({ watch }: Pick<FrozenSettings, 'watch'>): WatchLimits {
  return { ...DEFAULTS, ...watch };
}

export interface StallSigns {
  bytes: number;
  /** A tool call is in progress: a remote build can be silent for the entire iteration. */
  isInTool: boolean;
}

/**
 * Distinguishes an agent that works silently from one that hangs: it is active if it prints, changes a file or has a
 * tool call in progress. Files are checked last, because that costs a git call.
 */
export class StallWatch {
  readonly #worker: Worker;
  readonly #limits: WatchLimits;
  #bytes = 0;
  #seen: { tree: string | undefined; documents: string } | undefined;
  #quietSinceMs: number;
  #announced = false;

  /** @param sinceMs the agent's awake time when this worker began to watch it: an earlier silence was not observed */
  constructor(worker: Worker, limits: WatchLimits, sinceMs: number) {
    this.#worker = worker;
    this.#limits = limits;
    this.#quietSinceMs = sinceMs;
  }

  /**
   * @param awakeMs the agent's awake time so far
   * @returns `announce` once per silence; `end` when it has lasted too long
   */
  async check(awakeMs: number, { bytes, isInTool }: StallSigns): Promise<'fine' | 'announce' | 'end'> {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#stirred(awakeMs);
    }
    const quietMs = awakeMs - this.#quietSinceMs;
    const isDue = quietMs >= (this.#announced ? this.#limits.stallEndMs : this.#limits.stallMs);
    if (!isDue || isInTool) return 'fine';
    if (await this.#filesChanged()) {
      this.#stirred(awakeMs);
      return 'fine';
    }
    if (this.#announced) return 'end';
    this.#announced = true;
    return 'announce';
  }

  #stirred(awakeMs: number): void {
    this.#quietSinceMs = awakeMs;
    this.#announced = false;
    this.#seen = undefined;
  }

  // The first check of a silence only records the current state.
  async #filesChanged(): Promise<boolean> {
    const before = this.#seen;
    const now = { tree: await this.#tree(), documents: documentsPrint(this.#worker) };
    this.#seen = { ...now, tree: now.tree ?? before?.tree };
    if (before === undefined) return false;
    const isOtherTree = now.tree !== undefined && before.tree !== undefined && now.tree !== before.tree;
    return isOtherTree || now.documents !== before.documents;
  }

  /** Undefined if git fails: the folder is gone, or git reached its time limit in a large one. */
  async #tree(): Promise<string | undefined> {
    const { worktree } = stateOf(this.#worker);
    if (worktree === undefined) return undefined;
    try {
      return await quickPrint(worktree.path, this.#worker.git.context);
    } catch (error) {
      if (isGitError(error)) return undefined;
      throw error;
    }
  }
}

/** A longer gap between two ticks was caused by sleep, SIGSTOP or a clock jump, and is not counted. */
const LONGEST_TICK_MS = 2000;
const SAVE_EVERY_MS = 5000;

/** Counts the time that worker and machine were awake while an agent ran, across workers. */
export class AwakeTime {
  readonly #clock: Worker['clock'];
  readonly #path: string;
  #ms: number;
  #last: number;
  #savedMs: number;

  private constructor(clock: Worker['clock'], path: string, ms: number) {
    this.#clock = clock;
    this.#path = path;
    this.#ms = ms;
    this.#savedMs = ms;
    this.#last = clock.monotonic();
  }

  static async resume({ clock }: Pick<Worker, 'clock'>, { files }: WithFiles): Promise<AwakeTime> {
    return new AwakeTime(clock, files.awake, await readAwakeMs({ files }));
  }

  get ms(): number {
    return Math.round(this.#ms);
  }

  tick(): void {
    const now = this.#clock.monotonic();
    this.#ms += Math.min(Math.max(0, now - this.#last), LONGEST_TICK_MS);
    this.#last = now;
  }

  /** Saves the time at intervals, because that takes two system calls. */
  saveIfDue(): void {
    if (this.#ms - this.#savedMs >= SAVE_EVERY_MS) this.save();
  }

  /** Losing the saved time only gives the agent more, so the file need not survive a power failure. */
  save(): void {
    this.#savedMs = this.#ms;
    try {
      writeUnsynced(this.#path, `${this.ms}\n`);
    } catch {
      // Saved again a little later.
    }
  }
}
