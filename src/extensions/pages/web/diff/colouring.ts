import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { LinkedController } from '../../../../core/kernel/processes/linked-controller.ts';
import type { ColouringRequest } from './colours/main.ts';
import type { LineTokens } from './colours/tokens-of.ts';

const MAX_CHARS = 200_000;
/** Of CPU time: beside busy agents, a thread may get little of it. */
const LIMIT_MS = 200;
/** Of any time, in multiples of the limit. */
const LIMITS = 10;
const IDLE_MS = 60_000;
const MEMORY_MB = 128;

/** Colours the texts of a file in a thread, which is ended if it takes too long, and when it is not used. */
export class Colouring {
  readonly #program: string;
  readonly #clock: ActionContext['clock'];
  readonly #ended: AbortSignal;
  #thread: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #used: LinkedController;

  /** @param ended ends the thread */
  constructor({ programs, clock }: Pick<ActionContext, 'programs' | 'clock'>, ended: AbortSignal) {
    this.#program = join(dirname(programs.worker), 'colours.cjs');
    this.#clock = clock;
    this.#ended = ended;
    this.#used = new LinkedController(ended);
    ended.addEventListener('abort', () => void this.#endThread(), { once: true });
  }

  /**
   * The tokens of each text, one file at a time.
   * @param file the file's name, which says the language
   * @returns undefined for a text that stays plain; empty if all of them do
   */
  async tokensOf(file: string, texts: readonly string[]): Promise<readonly (LineTokens | undefined)[]> {
    if (texts.reduce((sum, { length }) => sum + length, 0) > MAX_CHARS) return [];
    const language = /[^./]*$/.exec(file)?.[0] ?? '';
    const mine = this.#turn.then(() => this.#ask({ language, texts }));
    this.#turn = mine;
    return await mine;
  }

  async #ask(request: ColouringRequest): Promise<readonly (LineTokens | undefined)[]> {
    this.#used.abort();
    this.#used[Symbol.dispose]();
    this.#used = new LinkedController(this.#ended);
    try {
      this.#thread ??= await this.#started();
      return await this.#answered(this.#thread, request);
    } catch {
      // Too slow, out of memory, or replaced by an upgrade: the diff is shown without colours.
      await this.#endThread();
      return [];
    } finally {
      void this.#endWhenIdle(this.#used.signal);
    }
  }

  async #started(): Promise<Worker> {
    const limits = { maxOldGenerationSizeMb: MEMORY_MB };
    const thread = new Worker(this.#program, { env: {}, execArgv: [], resourceLimits: limits });
    this.#thread = thread;
    thread.unref();
    // Without a listener, an error between two requests would end the server.
    thread.on('error', () => undefined);
    await once(thread, 'message', { signal: this.#ended });
    return thread;
  }

  async #answered(thread: Worker, request: ColouringRequest): Promise<(LineTokens | undefined)[]> {
    using done = new LinkedController(this.#ended);
    const tooLong = this.#tooLong(done.signal);
    try {
      thread.postMessage(request);
      const [tokens] = await Promise.race([once(thread, 'message', { signal: done.signal }), tooLong]);
      return tokens as (LineTokens | undefined)[];
    } finally {
      done.abort();
    }
  }

  /** @throws once the thread has used its time */
  async #tooLong(signal: AbortSignal): Promise<never> {
    const before = cpuMs();
    for (let waited = 0; waited < LIMITS; waited += 1) {
      await this.#clock.sleep(LIMIT_MS, signal);
      if (cpuMs() - before >= LIMIT_MS) break;
    }
    throw new Error('too long');
  }

  async #endWhenIdle(used: AbortSignal): Promise<void> {
    const isIdle = await this.#clock.sleep(IDLE_MS, used).then(
      () => true,
      () => false,
    );
    if (isIdle) await this.#endThread();
  }

  async #endThread(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

/**
 * Of the whole process, because Node 20 does not measure that of a thread: with the work of open tabs, a text may be
 * given up early.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
