import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ifThere } from '../kernel/errors.ts';
import { contains } from '../kernel/files/contains.ts';
import { namesAt, realFolder, statsAt } from '../kernel/files/path-stats.ts';
import { stateNames } from './cli-state.ts';
import { type Mount, writable } from './guard/mount.ts';
import { CACHES, START_FILES } from './home-lists.ts';
import { plainFolder } from './home-programs.ts';

/** git's settings below home. */
export const GIT_SETTINGS = [
  '.gitconfig',
  '.config/git/config',
  '.config/git/ignore',
  '.config/git/attributes',
];

/** Folders whose plain files are settings. */
const SETTINGS_FOLDERS = [
  '',
  '.config',
  '.cargo',
  '.m2',
  '.gradle',
  '.gnupg',
  '.ssh',
  '.config/git',
  '.config/fish',
];

/**
 * Prepares a session's home for its next program: files that an earlier agent left as settings, start files or state of
 * a CLI are gone, and git's settings are the person's again, as copies. Toolchains and other folders stay.
 */
export function freshHome(dir: string, own: string): void {
  for (const folder of SETTINGS_FOLDERS) {
    const at = plainFolder(own, folder);
    for (const name of namesAt(at) ?? [])
      if (!statsAt(join(at, name))?.isDirectory()) rmSync(join(at, name), { force: true });
  }
  for (const name of [...START_FILES, ...stateNames()])
    rmSync(join(plainFolder(own, dirname(name)), basename(name)), { recursive: true, force: true });
  for (const name of gitSettings(dir)) {
    const from = realFolder(join(dir, name));
    if (from && statsAt(from)?.isFile())
      ifThere(() => copyFileSync(from, join(plainFolder(own, dirname(name)), basename(name))));
  }
}

/** The maximum number of files that are followed from git's settings. */
const MAX_INCLUDED = 20;

/** git's settings below home, with the files that they include. */
function gitSettings(dir: string): string[] {
  const names = new Set(GIT_SETTINGS);
  for (const name of names) {
    const path = join(dir, name);
    if (names.size > MAX_INCLUDED || statsAt(realFolder(path) ?? path)?.isFile() !== true) continue;
    for (const section of (ifThere(() => readFileSync(path, 'utf8')) ?? '').split(/^\s*(?=\[)/m)) {
      const included = /^\[include/i.test(section)
        ? section.matchAll(/^\s*path\s*=\s*"?([^"\n]+?)"?\s*$/gim)
        : [];
      for (const [, named = ''] of included) {
        const target = resolve(dirname(path), named.replace(/^~\//, `${dir}/`));
        if (contains(dir, target)) names.add(relative(dir, target));
      }
    }
  }
  return [...names];
}

export function cacheMounts(dir: string, caches: string | undefined): Mount[] {
  if (caches === undefined) return [];
  return CACHES.map((name) => ({ ...writable(join(dir, name)), from: plainFolder(caches, name) }));
}
