import { readTail } from '../../kernel/files/lines.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { isRunning, type ProcessEntry } from '../../kernel/processes/process-table.ts';
import { saidBy } from '../../kernel/said.ts';
import { launchWorker, type Wake } from '../../sandbox/programs/launch-worker.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import type { ActionContext } from '../context/context.ts';
import type { Unstarted } from '../errors/unstarted-worker.ts';

/** On a busy machine the start of a program can take minutes; a longer one is given up. */
export const START_LIMIT_MS = 5 * 60_000;
const TICKS_PER_SECOND = 100;
const MAX_PRINTED_BYTES = 64 * 1024;

type Context = Pick<ActionContext, 'clock' | 'env' | 'host' | 'programs'>;
type Paths = Pick<SessionPaths, 'sessionsDir' | 'folder' | 'runDir' | 'workerErrors' | 'events'>;

/** A worker launched by this process, until it has recorded its start in the event log. */
export class WorkerStart {
  readonly #paths: Paths;
  readonly #context: Context;
  readonly #begunMs: number;
  readonly #sizes: { printed: number; log: number };
  #pid: number | undefined;
  #entry: ProcessEntry | undefined;
  #busyMs: number;

  private constructor(paths: Paths, context: Context) {
    this.#paths = paths;
    this.#context = context;
    this.#begunMs = context.clock.monotonic();
    this.#busyMs = this.#begunMs;
    this.#sizes = { printed: sizeOf(paths.workerErrors), log: sizeOf(paths.events) };
  }

  static async launch(paths: Paths, context: Context, wake?: Wake): Promise<WorkerStart> {
    const start = new WorkerStart(paths, context);
    const { programs, env } = context;
    start.#pid = await launchWorker(paths, { program: programs.worker, env, wake });
    return start;
  }

  async reached(): Promise<'starting' | 'started' | 'exited'> {
    const entry = this.#pid === undefined ? undefined : await this.#context.host.processes.read(this.#pid);
    const { cpuTicks, startTicks } = this.#entry ?? {};
    const isOurs = isRunning(entry) && (startTicks === undefined || startTicks === entry.startTicks);
    if (isOurs && entry.cpuTicks !== cpuTicks) this.#busyMs = this.#context.clock.monotonic();
    if (isOurs) this.#entry = entry;
    // Read last: a worker may exit right after its first event.
    if (sizeOf(this.#paths.events) > this.#sizes.log) return 'started';
    return isOurs ? 'starting' : 'exited';
  }

  /** What it printed before it exited; empty if it printed nothing. */
  get said(): string {
    const { workerErrors } = this.#paths;
    const bytes = Math.min(sizeOf(workerErrors) - this.#sizes.printed, MAX_PRINTED_BYTES);
    const text = bytes > 0 ? readTail(workerErrors, bytes) : '';
    return saidBy(ERROR_LINE.exec(text)?.[1] ?? text, this.#context.env);
  }

  /** For an error. @param reached as just returned; undefined once it has recorded its start */
  unstarted(reached: 'starting' | 'started' | 'exited'): Unstarted | undefined {
    if (reached === 'started') return undefined;
    if (reached === 'exited' || this.#entry === undefined) return { kind: 'exited', said: this.said };
    const nowMs = this.#context.clock.monotonic();
    const { pid, cpuTicks, state } = this.#entry;
    return {
      kind: 'starting',
      pid,
      seconds: Math.round((nowMs - this.#begunMs) / 1000),
      cpuSeconds: cpuTicks / TICKS_PER_SECOND,
      idleSeconds: Math.round((nowMs - this.#busyMs) / 1000),
      isStopped: state === 'T',
    };
  }
}

/** The line that names an error, without its stack: as our worker prints it, or node. */
const ERROR_LINE = /^(?:\S+ worker \d+ ended: )?([A-Za-z][\w.]*(?: \[\w+\])?: .+)$/m;

function sizeOf(path: string): number {
  return statsAt(path)?.size ?? 0;
}
