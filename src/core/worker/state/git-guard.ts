import { rmSync } from 'node:fs';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { isOutOfReach, type SandboxLevel, type SandboxOpenings } from '../../kernel/sandbox-level.ts';
import {
  acceptedAt,
  changedExecuting,
  type Executing,
  NOTHING_EXECUTING,
  readExecuting,
} from '../../project/git/executing-settings.ts';
import { type Setting, UNREAD_SETTINGS, undoChanged } from '../../project/git/git-programs.ts';
import { removePlantedLinks } from '../../project/git/planted-links.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import type { SessionFile } from '../../session/events/bodies/session-file.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';

/**
 * Remembers which executable git settings and hooks a person accepted, and disables all others in every git call of
 * the worker, so that no call runs a program that an agent planted. Where the guard keeps agents from them, all count.
 */
export class GitGuard {
  readonly #mainRepo: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #path: string;
  readonly #runningGitDir: string;
  readonly #level: () => SandboxLevel | undefined;
  readonly #openings: SandboxOpenings;
  #accepted: Executing | undefined;
  #found: Executing | undefined;
  #commonDir: string | undefined;
  #config: GitContext['config'] & {} = [];

  constructor(
    { gitSettings, gitCalls }: SessionPaths,
    { mainRepo, settings }: SessionFile,
    env: Readonly<Record<string, string | undefined>>,
    level: () => SandboxLevel | undefined,
  ) {
    this.#path = gitSettings;
    this.#runningGitDir = gitCalls;
    this.#mainRepo = mainRepo;
    this.#env = env;
    this.#level = level;
    this.#openings = settings.openings;
  }

  get context(): GitContext {
    return { baseEnv: this.#env, config: this.#config, runningGitDir: this.#runningGitDir };
  }

  /** The settings that name programs, as `unaccepted` has found and undone them; undefined unless it has looked. */
  get programs(): readonly Setting[] | undefined {
    return this.#found && [...this.#found.outside, ...this.#found.repository, ...this.#config];
  }

  /**
   * Reads git's executable settings; from now on disables those not accepted.
   * @returns the latter, as lines; without a guard only those by which git starts programs for us
   */
  async unaccepted(worktreePath: string | undefined): Promise<string[]> {
    this.#found = undefined;
    if (isOutOfReach(this.#level(), this.#openings)) return [];
    // Nothing runs in a missing repository; the next step reports it.
    if (namesAt(await this.sharedDir()) === undefined) return [];
    const now = await this.#read(worktreePath);
    this.#accepted ??= await acceptedAt(this.#path, now).catch(this.#unread);
    this.#config = undoChanged(this.#accepted, now, this.#env);
    this.#found = now;
    return changedExecuting(this.#accepted, now, { forOthers: this.#level() !== 'none' });
  }

  /** Accepts the current settings: a person agreed to them, or no agent has run yet. */
  async accept(worktreePath: string | undefined): Promise<void> {
    await this.#keep(await this.#read(worktreePath));
    this.#config = [];
  }

  /**
   * Restores the record of accepted settings after an agent changed it.
   * @param isKnown this worker read the record before the agent ran; otherwise a person must accept again
   */
  async writeAgain(isKnown: boolean): Promise<void> {
    // A folder in its place could not be replaced.
    rmSync(this.#path, { recursive: true, force: true });
    await this.#keep((isKnown ? this.#accepted : undefined) ?? NOTHING_EXECUTING);
  }

  async removePlanted(worktreePath: string | undefined): Promise<void> {
    await removePlantedLinks({ commonDir: await this.sharedDir(), worktreePath });
  }

  async #keep(accepted: Executing): Promise<void> {
    // Saved first: if the write fails, for example on a full disk, the settings do not count as accepted.
    await writeWhole(this.#path, `${JSON.stringify(accepted)}\n`, { sync: 'file' });
    this.#accepted = accepted;
  }

  /** The git folder shared by all worktrees. Read before any agent runs, so that none can redirect it. */
  async sharedDir(): Promise<string> {
    this.#commonDir ??= await commonDirOf(this.#mainRepo, this.context);
    return this.#commonDir;
  }

  readonly #unread = (error: unknown): never => {
    this.#config = UNREAD_SETTINGS;
    throw error;
  };

  async #read(worktreePath: string | undefined): Promise<Executing> {
    const folders = { commonDir: await this.sharedDir(), worktreePath };
    return await readExecuting(folders, this.context).catch(this.#unread);
  }
}
