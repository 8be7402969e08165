import { basename, join, relative } from 'node:path';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { once } from '../../../core/kernel/once.ts';
import type { CheckRun } from '../../../core/kernel/phases/proving.ts';
import {
  endTree,
  type KnownProcess,
  type TreeRoot,
  walkDown,
} from '../../../core/kernel/processes/end-tree.ts';
import { isRunning } from '../../../core/kernel/processes/process-table.ts';
import { OutputFile } from '../../../core/project/proving/output-file.ts';
import {
  type CommandEnd,
  OutputEnd,
  runProjectShell,
} from '../../../core/project/proving/project-command.ts';
import { type CheckEnd, howItFailed, tailOf } from '../../../core/project/proving/run-check.ts';
import { expandInShell } from '../placeholders.ts';
import { holdsOneOf, isAnswered, listeningSockets } from '../ports/listeners.ts';
import type { Inside, ServedPlace, ServiceTools } from '../served-place.ts';

/** Time for a database to write its data after SIGTERM. */
const GRACE_MS = 5000;
/** Of the beginning and the end, in bytes. */
const OUTPUT_BOUNDS = { head: 1024 * 1024, end: 256 * 1024 };
/** Bubblewrap runs outside as a monitor and inside as the first process. */
const GUARD_DEPTH = 2;
/** The longest that a timer can wait: a service has no limit. */
const NO_LIMIT_MS = 2 ** 31 - 1;

export class RunningService {
  readonly name: string;
  readonly command: string;
  /** Undefined for a service that listens on no port of the session. */
  readonly port: number | undefined;
  /** Resolves once its first process has ended. */
  readonly finished: Promise<void>;
  end: CommandEnd | undefined;
  readonly #place: ServedPlace;
  readonly #tools: ServiceTools;
  readonly #file: OutputFile;
  readonly #lines: OutputEnd;
  readonly #outputPath: string;
  readonly #startedAt: number;
  #isInBubblewrap = false;
  #root: TreeRoot | undefined;
  #identified: Promise<void> = Promise.resolve();

  constructor({ name, command }: { name: string; command: string }, place: ServedPlace, tools: ServiceTools) {
    this.name = name;
    this.command = command;
    this.port = place.ports[name];
    this.#place = place;
    this.#tools = tools;
    this.#outputPath = join(place.outputDir, `${name}.txt`);
    this.#file = new OutputFile(this.#outputPath, OUTPUT_BOUNDS);
    this.#lines = new OutputEnd(place.env);
    this.#startedAt = tools.clock.monotonic();
    this.finished = this.#run();
  }

  /** Milliseconds since its start. */
  get ranMs(): number {
    return Math.round(this.#tools.clock.monotonic() - this.#startedAt);
  }

  async #run(): Promise<void> {
    const { cwd, env, insideFor } = this.#place;
    const inside = insideFor?.(this.port === undefined ? [] : [this.port]);
    crashPoint('before-service');
    try {
      this.end = await runProjectShell(expandInShell(this.command, this.#place), {
        ...{ cwd, env, timeoutMs: NO_LIMIT_MS, isInputOpen: true, inside: inside && this.#noting(inside) },
        output: (chunk) => {
          this.#file.add(chunk);
          this.#lines.add(chunk);
        },
        started: (pid) => {
          crashPoint('service-begun');
          this.#identified = this.#identify(pid);
        },
      });
    } catch (error) {
      // The machine has no process or descriptor left for it.
      const how = error instanceof Error ? error.message : 'it could not be started';
      this.end = { exitCode: null, lastLines: '', failure: { how, lastLines: '' } };
    } finally {
      this.#file[Symbol.dispose]();
    }
  }

  #noting(inside: Inside): Inside {
    return (command) => {
      const line = inside(command);
      this.#isInBubblewrap = basename(line[0]) === 'bwrap';
      return line;
    };
  }

  async #identify(pid: number): Promise<void> {
    const entry = await this.#tools.host.processes.read(pid);
    if (!isRunning(entry)) return;
    const guard = this.#isInBubblewrap ? { guardDepth: GUARD_DEPTH, isGuard: true } : {};
    this.#root = { pid, startTicks: entry.startTicks, pgid: pid, ...guard };
  }

  /**
   * Whether its port is listened on by one of its processes. Another program there would answer in its place.
   */
  async listens(port: number): Promise<boolean> {
    await this.#identified;
    const root = this.#root;
    if (root === undefined) return false;
    const { processes } = this.#tools.host;
    const tree = once(async () => walkDown(await processes.walk(), [root]).map(({ pid }) => pid));
    // The processes in a strict sandbox have another network than its monitor.
    const sockets = listeningSockets(port, this.#place.net === undefined ? ['self'] : await tree());
    if (sockets === undefined) return await isAnswered(port);
    if (sockets.size === 0) return false;
    return (await tree()).some((pid) => holdsOneOf(sockets, pid)) || (await this.#hasMarked(sockets));
  }

  /** A process that left its parents is found by its environment. */
  async #hasMarked(sockets: ReadonlySet<string>): Promise<boolean> {
    if (this.#isInBubblewrap) return false;
    const { processes } = this.#tools.host;
    const { name, value } = this.#place.mark;
    for (const { pid } of await processes.list())
      if (holdsOneOf(sockets, pid) && (await processes.environmentOf(pid, name)) === value) return true;
    return false;
  }

  get ending(): string {
    return this.end?.failure ? howItFailed(this.end.failure) : 'exit status 0';
  }

  get endedEarly(): string {
    const hint = this.end?.exitCode === 0 ? ', but a service has to stay in the foreground' : '';
    return `it ended before it was ready: ${this.ending}${hint}`;
  }

  /** The last line that it printed; often why it failed. */
  get lastLine(): string {
    return this.#lines.lastLines.split('\n').at(-1) ?? '';
  }

  /** @param how why it failed; absent: it was ready, and has ended */
  failed(how = `it ended although it was still needed: ${this.ending}`): CheckEnd {
    const { outputRoot } = this.#place;
    const exitCode = this.end?.exitCode ?? null;
    const failure = this.end?.failure;
    const { lastLines } = this.#lines;
    const run: CheckRun = {
      ...{ command: this.command, isSetup: true, exitCode, how, durationMs: this.ranMs },
      ...this.#file.facts,
      output: relative(outputRoot, this.#outputPath),
      tail: tailOf(lastLines),
    };
    const { command } = this;
    return { run, failure: { ...failure, how, lastLines, command, outputPath: this.#outputPath } };
  }

  /** Ends it with everything that it started. */
  async stop(): Promise<void> {
    await this.#identified;
    const { host, clock } = this.#tools;
    const known = this.#isInBubblewrap ? await this.#firstInside() : undefined;
    const root = this.#root && known ? { ...this.#root, isContained: true } : this.#root;
    await endTree(root, this.#place.mark, { host, clock, graceMs: GRACE_MS, ...(known && { known }) });
    await this.finished;
  }

  /** The first process in the namespace, after whose end no other is left there. Undefined if it is not known. */
  async #firstInside(): Promise<KnownProcess[] | undefined> {
    const root = this.#root;
    if (root === undefined) return undefined;
    const walk = await this.#tools.host.processes.walk();
    const outer = walk.read(root.pid);
    // It has ended, and the kernel has ended the namespace with it.
    if (!isRunning(outer) || outer.startTicks !== root.startTicks) return [];
    const inner = walk.childrenOf(root.pid).map(walk.read).filter(isRunning);
    return inner.length === 0 ? undefined : inner;
  }
}
