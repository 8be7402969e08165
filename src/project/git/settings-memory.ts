import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { readPlainFile } from '../../base/files/plain-file.ts';
import type { ScopedSetting } from './all-settings.ts';
import type { GitContext } from './repository.ts';

const MAX_BYTES = 4 * 1024 * 1024;

/**
 * git's settings, as git told them, for as long as no file that they come from has changed: a
 * worker asks after every child, and a start of git costs more than reading a few small files.
 */
export class SettingsMemory {
  #print: string | undefined;
  #settings: readonly ScopedSetting[] = [];

  /** @param files fingerprints of the repository's own settings files, by path */
  async settings(
    files: Readonly<Record<string, string>>,
    { baseEnv }: GitContext,
    ask: () => Promise<ScopedSetting[]>,
  ): Promise<readonly ScopedSetting[]> {
    const print = await printOf(files, baseEnv);
    if (print !== undefined && print === this.#print) return this.#settings;
    const settings = await ask();
    // Settings that name further files may change with any of them, or with the branch.
    const isClosed = !settings.some(({ setting: [key] }) => /^include(?:if)?\./i.test(key));
    this.#print = isClosed ? print : undefined;
    this.#settings = settings;
    return settings;
  }
}

/** Undefined when not everything could be read: then nothing is known to be unchanged. */
async function printOf(
  files: Readonly<Record<string, string>>,
  env: GitContext['baseEnv'],
): Promise<string | undefined> {
  const parts: (string | Uint8Array)[] = [JSON.stringify(files)];
  for (const path of personalFiles(env)) {
    const reading = await readPlainFile(realPathOr(path), MAX_BYTES);
    if (reading.kind === 'unusable') return undefined;
    parts.push(`\0${path}\0${reading.kind}\0`);
    if (reading.kind === 'bytes') parts.push(reading.bytes);
  }
  return fingerprint(...parts);
}

// Whatever keeps a link from being followed, what reads the file then says so.
function realPathOr(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** Where the person's and the machine's settings lie; see "FILES" of git-config. */
function personalFiles(env: GitContext['baseEnv']): string[] {
  const { HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM } = env;
  const xdg = XDG_CONFIG_HOME || (HOME && join(HOME, '.config'));
  return [
    GIT_CONFIG_GLOBAL,
    GIT_CONFIG_SYSTEM,
    HOME && join(HOME, '.gitconfig'),
    xdg && join(xdg, 'git/config'),
    // Where git was built to look for the machine's own, by system.
    '/etc/gitconfig',
    '/usr/local/etc/gitconfig',
    '/opt/homebrew/etc/gitconfig',
  ].flatMap((path) => (path ? [path] : []));
}
