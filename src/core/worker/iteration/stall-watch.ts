import { quickPrint } from '../../project/checkpoints/worktree-print.ts';
import { isGitError } from '../../project/git/git-errors.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import { documentsPrint } from '../guarding/snapshot.ts';
import { stateOf, type Worker } from '../state/worker.ts';

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
    if (!isDue || (isInTool && this.#announced)) return 'fine';
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
