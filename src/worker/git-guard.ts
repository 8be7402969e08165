import { writeWhole } from '../base/atomic-file.ts';
import { parseJson } from '../base/parse-json.ts';
import { plainText } from '../base/plain-file.ts';
import { commonDirOf } from '../project/common-dir.ts';
import {
  changedGitSettings,
  GitSettings,
  MAX_SETTINGS_BYTES,
  readGitSettings,
  type SettingsNow,
  withoutNewPrograms,
} from '../project/git-settings-guard.ts';
import type { GitContext } from '../project/repository.ts';
import { SettingsMemory } from '../project/settings-memory.ts';
import type { SessionPaths } from '../session/paths.ts';
import type { SessionFile } from '../session/session-file.ts';

/**
 * Keeps what a child plants in git's settings from running in our hands: knows the settings that stood
 * there when the session began, and gives every git call of the worker what neutralises the rest.
 */
export class GitGuard {
  readonly #file: SessionFile;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #baselinePath: string;
  #baseline: GitSettings | undefined;
  #seen: GitSettings | undefined;
  #commonDir: string | undefined;
  #primed: Promise<void> | undefined;
  #config: GitContext['config'] & {} = [];
  readonly #memory = new SettingsMemory();

  constructor(paths: SessionPaths, file: SessionFile, env: Readonly<Record<string, string | undefined>>) {
    this.#file = file;
    this.#env = env;
    this.#baselinePath = paths.gitSettings;
  }

  /** For every git call of the worker. */
  get context(): GitContext {
    return { baseEnv: this.#env, config: this.#config };
  }

  /**
   * Asks git ahead of the first look, while the worker waits for the disk; that look finds and tells everything.
   * Never while a child may live: who turns a file back and forth could make the answer one of another moment.
   */
  prime(worktreePath: string | undefined): void {
    // What fails now fails in the look as well, where somebody hears of it.
    this.#primed = this.#read(worktreePath).then(
      () => undefined,
      () => undefined,
    );
  }

  /** Reads the settings as they stand now. @returns the files that changed since the last look, absolute paths */
  async look(worktreePath: string | undefined): Promise<string[]> {
    await this.#primed;
    const now = await this.#read(worktreePath);
    const baseline = await this.#readBaseline(now);
    this.#config = withoutNewPrograms(baseline, now, this.#env);
    const changed = changedGitSettings(this.#seen ?? now, now);
    this.#seen = now;
    return changed;
  }

  async #read(worktreePath: string | undefined): Promise<SettingsNow> {
    // Asked before any child: what one of them did to it must not lead the looks elsewhere.
    this.#commonDir ??= await commonDirOf(this.#file.mainRepo, this.context);
    const folders = { commonDir: this.#commonDir, ...(worktreePath !== undefined && { worktreePath }) };
    return await readGitSettings(folders, this.context, this.#memory);
  }

  /** The baseline of the whole session: a child that planted something stays known as the one over any restart. */
  async #readBaseline(now: SettingsNow): Promise<GitSettings> {
    if (this.#baseline !== undefined) return this.#baseline;
    const text = await plainText(this.#baselinePath, MAX_SETTINGS_BYTES);
    const kept = text === undefined ? undefined : GitSettings.safeParse(parseJson(text));
    const { files, programs } = now;
    // One that an earlier samocode wrote knows nothing of programs: from now on they are known.
    const baseline = kept?.success ? { programs, ...kept.data } : { files, programs };
    // Written before it counts: what a full disk refuses would else be missing after a restart.
    if (kept?.data?.programs === undefined) {
      await writeWhole(this.#baselinePath, `${JSON.stringify(baseline)}\n`);
    }
    this.#baseline = baseline;
    // After a restart the last look is unknown, so everything since the start counts as new.
    this.#seen ??= baseline;
    return baseline;
  }
}
