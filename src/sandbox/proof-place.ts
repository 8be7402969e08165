import { chmodSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { contains } from '../base/files/contains.ts';
import { mayAccess, realFolder, statsAt } from '../base/files/path-stats.ts';
import type { ProofFolders } from '../phases/proving.ts';
import { guardOf, guardWith } from './guard-of.ts';
import { foldersAbove, type GuardPlaces, guardProfile } from './guard-profile.ts';
import { HOME_PROGRAMS } from './home-lists.ts';
import { guardOption } from './make-guard.ts';
import type { Mount } from './mount.ts';
import type { ActiveGuard } from './probe-guard.ts';
import type { StrictPart } from './strict-profile.ts';

/** A guard and what it protects; undefined if there is none. */
export type ProofGuard =
  | {
      now: ActiveGuard;
      /** The connections out of a strict sandbox. */
      wayOut?: Pick<StrictPart, 'net' | 'ports'> | undefined;
    }
  | undefined;

/** Whether a guard can mount one folder over another, so that no parent of a clone holds an agent's files. */
export function hidesFolders(guard: ProofGuard): boolean {
  return guard?.now.maker.tool.kind === 'bwrap';
}

/** npm verifies these by the hash in the lock file; other programs trust their caches. */
const VERIFIED = '.npm/_cacache/content-v2';

/** How to start the commands of a proof: with a home that has only the user's programs and CHECK_HOME. */
export function proofPlace(guard: ProofGuard, folders: ProofFolders, env: Record<string, string>) {
  const inGuard = (profile: (places: GuardPlaces) => Mount[]) =>
    guardOption(guard && guardWith(guard.now.maker, guard.now.places, profile(guard.now.places)));
  const home = realFolder(env.HOME);
  const withClone = (places: GuardPlaces) =>
    guardProfile({
      ...places,
      openings: { ...places.openings, write: [...places.openings.write, folders.clone, folders.empty] },
    });
  // Without a home there is nothing to hide.
  if (home === undefined || home === '/') return { env, ...inGuard(withClone) };
  const paths = [...HOME_PROGRAMS, VERIFIED, ...folders.ofHome].map((name) => resolve(home, `./${name}`));
  // A proof file can name any path.
  const inHome = paths.filter((path) => path.startsWith(`${home}/`) && statsAt(path) !== undefined);
  const shown = outermost(inHome).map((path) => path.slice(home.length + 1));
  const own = join(folders.empty, 'home');
  mkdirSync(own, { recursive: true });
  if (folders.identity && !shown.includes('.gitconfig'))
    writeFileSync(join(own, '.gitconfig'), gitConfig(folders.identity));
  const { objects, clone } = folders;
  if (guard?.now.places.isStrict) {
    mkdirSync(join(folders.empty, 'tmp'), { recursive: true });
    const { session: _, ...places } = guard.now.places;
    const part = { home: own, tmp: join(folders.empty, 'tmp'), open: [clone], ...guard.wayOut };
    const visible = [...objects, ...shown.map((name) => join(home, name))];
    return { env, ...guardOption(guardOf(guard.now.maker, places, { ...part, shown: visible })) };
  }
  if (hidesFolders(guard))
    return { env, ...inGuard((places) => hiding(places, { ...folders, home, shown, env })) };
  for (const name of shown) {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    symlinkSync(join(home, name), join(own, name));
  }
  const moved = movedTo(own, [home, env.HOME ?? home], env);
  return { env: moved, ...inGuard(withClone) };
}

/** The names that are not inside another one. */
function outermost(names: readonly string[]): string[] {
  return [...new Set(names)].filter(
    (name) => !names.some((other) => other !== name && contains(other, name)),
  );
}

function gitConfig(identity: { name: string; email: string }): string {
  return `[user]\n\tname = ${JSON.stringify(identity.name)}\n\temail = ${JSON.stringify(identity.email)}\n`;
}

/** Redirects the paths below home in PATH and other variables. */
function movedTo(own: string, homes: readonly string[], env: Record<string, string>): Record<string, string> {
  const moved = (path: string) => {
    const from = homes.find((home) => contains(home, path));
    return from === undefined ? path : own + path.slice(from.length);
  };
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.split(':').map(moved).join(':')]),
  );
}

interface Hiding extends ProofFolders {
  /** A real path. */
  home: string;
  shown: readonly string[];
  env: Record<string, string>;
}

/** Empties home, temporary folders and a writable folder around the clone, except for the clone's sources. */
function hiding(places: GuardPlaces, { home, shown, clone, empty, objects, env }: Hiding): Mount[] {
  const { mainRepo, commonDir, worktreesDir } = places;
  const temporary = [...new Set(['/tmp', realFolder(env.TMPDIR) ?? '/tmp'])];
  const above = foldersAbove([clone]).find(
    (path) => isOpen(path) && !contains(mainRepo, path) && !contains(worktreesDir, path),
  );
  const emptied: Mount[] = [
    ...(above === undefined ? [] : [{ kind: 'hidden' as const, path: above }]),
    ...temporary.map((path): Mount => ({ kind: 'writable', path, from: join(empty, 'tmp') })),
    { kind: 'writable', path: home, from: join(empty, 'home') },
  ];
  emptied.sort((one, other) => one.path.length - other.path.length);
  mkdirSync(join(empty, 'tmp'), { recursive: true });
  chmodSync(join(empty, 'tmp'), 0o1777);
  const isEmptied = ({ path }: Mount) => emptied.some((each) => contains(each.path, path));
  const isNeeded = ({ kind, path }: Mount) =>
    kind !== 'held' &&
    [mainRepo, commonDir].some((folder) => contains(folder, path)) &&
    !emptied.some((each) => contains(path, each.path));
  const profile = guardProfile(places);
  return [
    ...profile.filter((mount) => !isEmptied(mount)),
    ...emptied,
    ...profile.filter((mount) => isEmptied(mount) && isNeeded(mount)),
    ...[...objects, ...shown.map((name) => join(home, name))].map(
      (path): Mount => ({ kind: 'read_only', path, ifThere: true }),
    ),
    { kind: 'writable', path: clone },
  ];
}

/** System folders, which agents can't write. */
const OF_SYSTEM = /^\/(?:[^/]+|(?:usr|etc|opt|nix)\/.*)$/;

/** Whether an agent could write into a folder, judging by its mode. */
function isOpen(path: string): boolean {
  return !OF_SYSTEM.test(path) && mayAccess(path, constants.W_OK);
}
