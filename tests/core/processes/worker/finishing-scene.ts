import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BASE_ERRORS } from '../../../../src/core/kernel/base-errors.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { type Command, leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { folderNow } from '../../../../src/core/worker/commands/archive-places.ts';
import { takeCommands } from '../../../../src/core/worker/commands/take-commands.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { performWork } from '../../../../src/core/worker/finish/perform.ts';
import { keepWork } from '../../../../src/core/worker/record/keep-work.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { ofTip } from '../../../support/as-shown.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { CAME } from '../../unit/session/events.ts';
import { finished } from '../../unit/worker/finished-session.ts';

export const WAYS = ['archive', 'documents', 'discard', 'unarchive', 'merge'] as const;
type Way = (typeof WAYS)[number];
/** A worker dies after this many git calls, or after its work and before it records that. */
export type Death = number | 'unrecorded';

const HEAD = { v: 1, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' } as const;

/** A finished session whose workers die, and the person at its terminals and in its worktree. */
export class FinishingScene implements AsyncDisposable {
  readonly log: TempLog;
  readonly repo: TempRepo;
  readonly home: SessionPaths;
  readonly away: SessionPaths;
  /** What a person wrote: names in the worktree, and documents of the session, with their texts. */
  readonly files = new Map<string, string>();
  readonly documents = new Map<string, string>();
  readonly left: Command[] = [];
  /** The number of the `discarded` event whose printed commands were run. */
  restored: number | undefined;
  /** The git calls after which no further one is possible, as in a worker that dies. */
  #callsLeft = Number.POSITIVE_INFINITY;
  #worker: Worker;

  static async open(): Promise<FinishingScene> {
    const [log, repo] = [await tempLog(), await makeRepo()];
    const scene = new FinishingScene(log, repo, await finished(log, repo));
    await scene.anotherWorker();
    await scene.document();
    return scene;
  }

  private constructor(log: TempLog, repo: TempRepo, worker: Worker) {
    this.log = log;
    this.repo = repo;
    this.#worker = worker;
    this.home = log.paths;
    this.away = sessionPaths(log.paths.sessionsDir, log.paths.folder, true);
  }

  get state() {
    return this.#worker.writer.state;
  }

  get worktreePath(): string {
    return this.state.worktree?.path ?? '';
  }

  async events(): Promise<SessionEvent[]> {
    return await readEvents(this.log.paths, 0);
  }

  /** The same command again if `again`, as a terminal leaves it that has not seen the answer. */
  async leave(way: Way, terminal: 'A' | 'B', again: boolean): Promise<void> {
    const id = `01KEE00000000000000000${String(this.left.length).padStart(3, '0')}${terminal}`;
    const before = again ? this.left.findLast((command) => command.id.endsWith(terminal)) : undefined;
    const kind: Command =
      way === 'documents' || way === 'archive'
        ? { ...HEAD, id, kind: 'archive', what: way === 'archive' ? 'session' : way, keep: [] }
        : { ...HEAD, id, kind: way };
    const command = way === 'unarchive' ? kind : await ofTip(this.#worker, kind);
    if (before === undefined) this.left.push(command);
    await leaveCommand(this.log.paths, before ?? command);
  }

  async record(...events: NewEvent[]): Promise<void> {
    await this.#worker.writer.append(...events);
  }

  /** Keeps the work as the end of an iteration. @returns the commit of the checkpoint */
  async checkpoint(iteration: number): Promise<string> {
    const { checkpoint, problem } = await keepWork(this.#worker, { kind: 'after', iteration });
    return checkpoint?.commit ?? problem ?? '';
  }

  async take(dies?: Death): Promise<void> {
    await this.#unlessDead(dies, (worker) => takeCommands(worker, 'no_agent'));
  }

  async perform(dies?: Death): Promise<void> {
    await this.#unlessDead(dies, performWork);
  }

  /** The last one has died: another one has its lease and folds its log. */
  async anotherWorker(): Promise<void> {
    const { file, paths } = this.#worker;
    const { writer } = await this.log.open();
    const projector = new Projector(paths, file);
    projector.relocate(folderNow(this.#worker));
    const git = new GitGuard(paths, file, this.#mortal(this.repo.env), () => writer.state.sandbox);
    this.#worker = { ...this.#worker, writer, projector, git };
    await writer.append(CAME);
  }

  async write(): Promise<void> {
    const name = `file ${this.files.size}.txt`;
    if (!existsSync(this.worktreePath)) return;
    await writeFile(join(this.worktreePath, name), name);
    this.files.set(name, name);
  }

  async commit(): Promise<void> {
    if (!existsSync(this.worktreePath)) return;
    await this.repo.git(['add', '-A'], this.worktreePath);
    await this.repo.git(['commit', '--quiet', '--allow-empty', '-m', 'More'], this.worktreePath);
  }

  async document(): Promise<void> {
    const name = `01-08-1${String(this.documents.size).padStart(3, '0')}-dive-x.md`;
    if (!existsSync(this.home.sessionDir)) return;
    await writeFile(join(this.home.sessionDir, name), name);
    this.documents.set(name, name);
  }

  /** Asks for the commands that restore a discarded session, and runs them. */
  async restore(): Promise<void> {
    const discarded = (await this.events()).findLast(({ type }) => type === 'discarded');
    if (discarded === undefined || !this.state.trash || this.restored === discarded.n) return;
    await this.leave('unarchive', 'B', false);
    await this.take();
    const refusal = (await this.events()).findLast((event) => event.type === 'command_refused');
    if (refusal?.code !== 'branch_discarded' || refusal.n < discarded.n) return;
    const commands = refusal.message.slice(refusal.message.indexOf('git -C'));
    const { exitCode, stderr } = await runCommand('/bin/sh', ['-c', commands], {
      cwd: '/',
      env: this.repo.env,
    });
    if (exitCode !== 0) throw new Error(`The printed commands failed: ${stderr}`);
    this.restored = discarded.n;
  }

  async fileIn(folder: string, name: string): Promise<string | undefined> {
    return await readFile(join(folder, name), 'utf8').catch(() => undefined);
  }

  async #unlessDead(dies: Death | undefined, act: (worker: Worker) => Promise<unknown>): Promise<void> {
    const worker = this.#worker;
    // Without its lease it can work, but record nothing.
    if (dies === 'unrecorded') await this.anotherWorker();
    this.#callsLeft = typeof dies === 'number' ? dies : Number.POSITIVE_INFINITY;
    await act(worker).catch((error) => {
      const isDead = dies === 'unrecorded' ? BASE_ERRORS.lease_lost.is(error) : this.#callsLeft < 0;
      if (!isDead) throw error;
    });
    this.#callsLeft = Number.POSITIVE_INFINITY;
    if (typeof dies === 'number') await this.anotherWorker();
  }

  /** Each git call reads the environment that it starts from. */
  #mortal(env: Record<string, string>): Record<string, string> {
    const ownKeys = (of: Record<string, string>) => {
      this.#callsLeft -= 1;
      if (this.#callsLeft < 0) throw Object.assign(new Error('EIO: the worker is dead'), { code: 'EIO' });
      return Reflect.ownKeys(of);
    };
    return new Proxy(env, { ownKeys });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log[Symbol.asyncDispose]();
    await this.repo[Symbol.asyncDispose]();
  }
}
