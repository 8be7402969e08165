import { rmSync } from 'node:fs';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { namesAt } from '../../base/files/look-at.ts';
import {
  acceptedAt,
  changedExecuting,
  type Executing,
  NOTHING_EXECUTING,
  readExecuting,
} from '../../project/git/executing-settings.ts';
import { smudgingFilters, undoChanged } from '../../project/git/git-programs.ts';
import { removePlantedLinks } from '../../project/git/planted-links.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';

/**
 * Keeps what an agent plants in git's settings from running in our git calls: compares by what git would start programs
 * with what a person has last accepted, and gives every git call of the worker settings that neutralise the rest.
 */
export class GitGuard {
  readonly #mainRepo: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #path: string;
  readonly #notes: string;
  #accepted: Executing | undefined;
  #commonDir: string | undefined;
  #config: GitContext['config'] & {} = [];
  #smudging: readonly string[] | undefined;

  constructor(
    { gitSettings, gitCalls }: SessionPaths,
    { mainRepo }: SessionFile,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#path = gitSettings;
    this.#notes = gitCalls;
    this.#mainRepo = mainRepo;
    this.#env = env;
  }

  get context(): GitContext {
    return { baseEnv: this.#env, config: this.#config, smudging: this.#smudging, notes: this.#notes };
  }

  /** Reads by what git would start programs: what was not accepted is started by no call from here on. @returns it, in lines */
  async unaccepted(worktreePath: string | undefined): Promise<string[]> {
    // Of a repository that was taken away nothing is started; the next step reports that it is gone.
    if (namesAt(await this.sharedDir()) === undefined) return [];
    const now = await this.#read(worktreePath);
    this.#accepted ??= await acceptedAt(this.#path, now);
    this.#config = undoChanged(this.#accepted, now, this.#env);
    return changedExecuting(this.#accepted, now);
  }

  /** Accepts what is set now: a person has said so, or no agent has run yet. */
  async accept(worktreePath: string | undefined): Promise<void> {
    await this.#keep(await this.#read(worktreePath));
    this.#config = [];
  }

  /**
   * After an agent has changed the record of what was accepted: writes it again.
   * @param isKnown this worker knows it from before the agent; else nothing is accepted until a person says so
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
    // Written before it counts: what a full disk refuses would be missing after a restart.
    await writeWhole(this.#path, `${JSON.stringify(accepted)}\n`);
    this.#accepted = accepted;
  }

  /** The git folder that all worktrees share. Read before any agent, whose changes to it must not lead later reads elsewhere. */
  async sharedDir(): Promise<string> {
    this.#commonDir ??= await commonDirOf(this.#mainRepo, this.context);
    return this.#commonDir;
  }

  async #read(worktreePath: string | undefined): Promise<Executing> {
    const now = await readExecuting({ commonDir: await this.sharedDir(), worktreePath }, this.context);
    this.#smudging = smudgingFilters([...now.outside, ...now.repository]);
    return now;
  }
}
