import { rmSync } from 'node:fs';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { namesAt } from '../../base/files/look-at.ts';
import {
  acceptedAt,
  changedExecuting,
  type Executing,
  readExecuting,
} from '../../project/git/executing-settings.ts';
import { undoChanged } from '../../project/git/git-programs.ts';
import { removePlantedLinks } from '../../project/git/planted-links.ts';
import { commonDirOf, type GitContext } from '../../project/git/repository.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';

/**
 * Keeps what a child plants in git's settings from running in our hands: knows by what git started programs when a
 * person last agreed to it, and gives every git call of the worker what neutralises the rest.
 */
export class GitGuard {
  readonly #file: SessionFile;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #path: string;
  #accepted: Executing | undefined;
  #commonDir: string | undefined;
  #config: GitContext['config'] & {} = [];

  constructor(paths: SessionPaths, file: SessionFile, env: Readonly<Record<string, string | undefined>>) {
    this.#file = file;
    this.#env = env;
    this.#path = paths.gitSettings;
  }

  /** For every git call of the worker. */
  get context(): GitContext {
    return { baseEnv: this.#env, config: this.#config };
  }

  /** Looks how things stand: from here on nothing of it is started that was not accepted. @returns what was not, in lines */
  async look(worktreePath: string | undefined): Promise<string[]> {
    // Of a repository that was taken away nothing is started; what is done next says that it is gone.
    if (namesAt(await this.#sharedDir()) === undefined) return [];
    const now = await this.#read(worktreePath);
    this.#accepted ??= await acceptedAt(this.#path, now);
    this.#config = undoChanged(this.#accepted, now, this.#env);
    return changedExecuting(this.#accepted, now);
  }

  /** From now on what stands there counts: a person has said so, or no child has been there yet. */
  async accept(worktreePath: string | undefined): Promise<void> {
    const now = await this.#read(worktreePath);
    // Written before it counts: what a full disk refuses would else be missing after a restart.
    await writeWhole(this.#path, `${JSON.stringify(now)}\n`);
    this.#accepted = now;
    this.#config = [];
  }

  /**
   * Writes down again what was accepted, when somebody else has been there.
   * @param isKnown this worker knows it from before; else nothing is accepted until a person says so
   */
  async writeAgain(isKnown: boolean): Promise<void> {
    const accepted = (isKnown ? this.#accepted : undefined) ?? { repository: [], outside: [], hooks: {} };
    // A folder in its place could not be replaced.
    rmSync(this.#path, { recursive: true, force: true });
    await writeWhole(this.#path, `${JSON.stringify(accepted)}\n`);
    this.#accepted = accepted;
  }

  /** The git folder that all worktrees share. Asked before any child: what one did to it must not lead the looks elsewhere. */
  async #sharedDir(): Promise<string> {
    this.#commonDir ??= await commonDirOf(this.#file.mainRepo, this.context);
    return this.#commonDir;
  }

  async removePlanted(worktreePath: string | undefined): Promise<void> {
    await removePlantedLinks({ commonDir: await this.#sharedDir(), worktreePath });
  }

  async #read(worktreePath: string | undefined): Promise<Executing> {
    const folders = { commonDir: await this.#sharedDir(), worktreePath };
    return await readExecuting(folders, this.context);
  }
}
