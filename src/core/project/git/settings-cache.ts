import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { ifThere } from '../../kernel/errors.ts';
import { SETTLED_MS } from '../../kernel/files/fingerprint.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { identityAt } from '../../kernel/files/path-stats.ts';
import type { Setting } from './git-programs.ts';
import type { GitContext } from './repository.ts';

/** A setting, and whether a file of the repository sets it. */
export interface ScopedSetting {
  isOfRepository: boolean;
  setting: Setting;
}

/** Files that several builds of git read for all users of a machine. */
const SYSTEM_FILES = ['/etc/gitconfig', '/usr/local/etc/gitconfig', '/opt/homebrew/etc/gitconfig'];

/**
 * Remembers the settings of a repository as long as no file changes from which git reads them: git is asked before and
 * after each agent. Not beyond an agent that can write these files: it could change one without a new time, by a mapping,
 * or redirect `.git`. Settings that include others are read each time, since a missing file can appear.
 */
export class SettingsCache {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #known = new Map<string, { files: string; settings: readonly ScopedSetting[] }>();

  constructor(clock: Pick<Clock, 'now'> = systemClock) {
    this.#clock = clock;
  }

  async read(
    place: { folder: string; commonDir: string },
    { baseEnv }: GitContext,
    ask: () => Promise<readonly ScopedSetting[]>,
  ): Promise<readonly ScopedSetting[]> {
    const paths = await filesOf(place, baseEnv);
    const files = identityOf(paths);
    const known = this.#known.get(place.folder);
    if (known?.files === files) return known.settings;
    const settings = await ask();
    const isSettled = paths.every((path) => changedAt(path) < this.#clock.now() - SETTLED_MS);
    const includes = settings.some(({ setting: [key] }) => /^include(?:if)?\./i.test(key));
    if (isSettled && !includes && identityOf(paths) === files)
      this.#known.set(place.folder, { files, settings });
    else this.#known.delete(place.folder);
    return settings;
  }
}

async function filesOf(
  { folder, commonDir }: { folder: string; commonDir: string },
  env: GitContext['baseEnv'],
): Promise<string[]> {
  const { HOME = '', XDG_CONFIG_HOME, GIT_CONFIG_SYSTEM, GIT_CONFIG_GLOBAL } = env;
  const gitDir = (await gitDirOf(folder)) ?? commonDir;
  const own = ['config.worktree', 'commondir'].map((name) => join(gitDir, name));
  const users = [join(HOME, '.gitconfig'), join(XDG_CONFIG_HOME || join(HOME, '.config'), 'git/config')];
  return [
    ...[join(folder, '.git'), join(commonDir, 'config'), join(commonDir, 'config.worktree'), ...own],
    ...(GIT_CONFIG_GLOBAL === undefined ? users : [GIT_CONFIG_GLOBAL]),
    ...(GIT_CONFIG_SYSTEM === undefined ? SYSTEM_FILES : [GIT_CONFIG_SYSTEM]),
  ];
}

/** The path itself and, if it is a link, the file that git reads. */
function identityOf(paths: readonly string[]): string {
  return paths.map((path) => `${identityAt(path)} ${targetOf(path)?.ino} ${changedAt(path)}`).join('\n');
}

function changedAt(path: string): number {
  return targetOf(path)?.ctimeMs ?? 0;
}

function targetOf(path: string) {
  return ifThere(() => statSync(path, { throwIfNoEntry: false }));
}
