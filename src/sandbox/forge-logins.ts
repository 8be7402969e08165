import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { realFolder } from '../base/files/path-stats.ts';
import type { GuardPlaces } from './guard-profile.ts';
import { words } from './home-lists.ts';
import type { HomePlaces } from './home-places.ts';
import type { Mount } from './mount.ts';
import { hide } from './sockets.ts';

/** Logins of gh, glab, hub and Copilot, and git's credential file, below the config folders. */
const IN_CONFIG = words('gh glab-cli hub github-copilot git/credentials');
const AT_HOME = words('.git-credentials .netrc .git-credential-cache .gcm .copilot');
const CACHED = 'git/credential';

/** Hides the logins for GitHub and GitLab. Must follow all other mounts, which could expose them again. */
export function forgeLoginMounts({ home, hidesForgeLogin }: GuardPlaces): Mount[] {
  if (!hidesForgeLogin) return [];
  const { dir, env } = home;
  const below = (folders: readonly string[], names: readonly string[]) =>
    folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const { XDG_CONFIG_HOME, GH_CONFIG_DIR, GLAB_CONFIG_DIR, NETRC } = env;
  const paths = [
    ...below([join(dir, '.config'), ...(XDG_CONFIG_HOME ? [XDG_CONFIG_HOME] : [])], IN_CONFIG),
    ...below([dir], AT_HOME),
    ...cacheFolders(home),
    ...[GH_CONFIG_DIR, GLAB_CONFIG_DIR, NETRC],
  ];
  return [...new Set(paths.flatMap((path) => realFolder(path) ?? []))].flatMap(hide);
}

/** Creates the folder in which a later `git credential-cache` listens: a missing folder can't be hidden. */
export function makeCredentialFolder(home: HomePlaces): void {
  for (const folder of cacheFolders(home))
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch {
      // Home is read-only.
    }
}

function cacheFolders({ dir, env }: HomePlaces): string[] {
  const folders = new Set([join(dir, '.cache'), env.XDG_CACHE_HOME || join(dir, '.cache')]);
  return [...folders].map((folder) => join(folder, CACHED));
}
