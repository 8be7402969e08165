import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { contains } from '../kernel/files/contains.ts';
import { makeFolder } from '../kernel/files/make-folder.ts';
import { realFolder, statsAt } from '../kernel/files/path-stats.ts';
import type { ProofFolders } from '../kernel/phases/proving.ts';
import { sandboxFolders } from '../project/worktrees/sandbox-folders.ts';
import { type Guard, guardOption, type Mount, readOnly, withMounts } from './guard/make-guard.ts';
import { guardOf } from './guard-of.ts';
import { outermost, programNames } from './home.ts';
import type { GuardPlaces } from './places.ts';
import type { ActiveGuard } from './probe-guard.ts';

/** Whether a guard can mount one folder over another, so that no parent of a clone holds an agent's files. */
export function hidesFolders(guard: Pick<ActiveGuard, 'tool'> | undefined): boolean {
  return guard?.tool.kind === 'bwrap';
}

/** npm verifies these by the hash in the lock file; other programs trust their caches. */
const VERIFIED = '.npm/_cacache/content-v2';

/** The folders of a clone, the data of its services, and what else is shown. */
export type ServedFolders = ProofFolders & { data?: string; shown?: readonly string[] };

/**
 * Starts the commands of a proof with a home that has only the user's programs and CHECK_HOME.
 * @param folders.lent ignored folders of the main checkout, which is shown too: with them nothing is proved
 */
export function proofPlace(
  guard: ActiveGuard | undefined,
  { lent, ...folders }: ProofFolders & { lent?: readonly string[] | undefined },
  env: Record<string, string>,
) {
  const shown = lent && guard ? [guard.places.mainRepo] : [];
  const { env: moved, guard: made } = proofGuard(guard, { ...folders, shown }, env);
  const mounts = lent && guard ? lentMounts(guard.places.mainRepo, folders.clone, lent) : [];
  return { env: moved, ...guardOption(made && withMounts(made, mounts)) };
}

/** Shows folders of the main checkout in a clone, where it has none of these names and no link leads there. */
function lentMounts(mainRepo: string, clone: string, lent: readonly string[]): Mount[] {
  return lent.flatMap((name) => {
    const path = join(clone, name);
    const isFree = statsAt(path) === undefined && realFolder(dirname(path)) === dirname(path);
    return isFree ? [{ ...readOnly(path), from: join(mainRepo, name) }] : [];
  });
}

/** The guard of a clone, and the environment inside. */
export function proofGuard(
  guard: ActiveGuard | undefined,
  folders: ServedFolders,
  env: Record<string, string>,
): { env: Record<string, string>; guard: Guard | undefined } {
  const home = realFolder(env.HOME);
  const { objects, clone, empty } = folders;
  const own = join(empty, 'home');
  const places = guard?.places;
  // Without a home there is nothing to hide.
  if (home === undefined || home === '/')
    return { env, guard: guard && places && guardOf(guard.tool, opening(places, folders)) };
  makeFolder(own);
  const ofHome = folders.ofHome.map((name) => resolve(home, `./${name}`));
  // A proof file can name any path.
  const shown = ofHome.filter((path) => path.startsWith(`${home}/`) && statsAt(path) !== undefined);
  if (folders.identity && !shown.includes(join(home, '.gitconfig')))
    writeFileSync(join(own, '.gitconfig'), gitConfig(folders.identity));
  if (guard && places && hidesFolders(guard)) {
    const tmp = join(empty, 'tmp');
    makeFolder(tmp);
    chmodSync(tmp, 0o1777);
    const { session: _, ...rest } = { ...places, home: { dir: home, env } };
    const states = [{ ...readOnly(join(home, VERIFIED)), from: verifiedStore(home, places) }];
    const open = [clone, ...dataOf(folders)];
    const visible = [...(folders.shown ?? []), ...objects, ...shown];
    // Those of the person can lie inside of a toolchain, where they could not be written.
    const caches = join(empty, 'caches');
    makeFolder(caches);
    const part = { home: own, tmp, caches, states, shown: visible, open, ...guard.egress };
    return { env, guard: guardOf(guard.tool, rest, part) };
  }
  const programs = programNames({ dir: home, env });
  const names = [...programs, VERIFIED, ...shown.map((path) => relative(home, path))];
  for (const name of outermost(names.filter((each) => statsAt(join(home, each)) !== undefined))) {
    makeFolder(dirname(join(own, name)));
    symlinkSync(join(home, name), join(own, name));
  }
  const moved = movedTo(own, { homes: [home, env.HOME ?? home], but: clone }, env);
  return {
    env: moved,
    guard: guard && places && guardOf(guard.tool, opening(places, folders)),
  };
}

/** The project's, which its sessions fill, or else the user's. */
function verifiedStore(home: string, { worktreesDir }: GuardPlaces): string {
  const own = join(sandboxFolders(worktreesDir, '').caches, VERIFIED);
  return statsAt(own) === undefined ? join(home, VERIFIED) : own;
}

function opening(places: GuardPlaces, folders: ServedFolders): GuardPlaces {
  const { openings } = places;
  const write = [...openings.write, folders.clone, folders.empty, ...dataOf(folders)];
  return { ...places, openings: { ...openings, write } };
}

function dataOf({ data }: ServedFolders): string[] {
  return data === undefined ? [] : [data];
}

function gitConfig(identity: { name: string; email: string }): string {
  return `[user]\n\tname = ${JSON.stringify(identity.name)}\n\temail = ${JSON.stringify(identity.email)}\n`;
}

/** Redirects the paths below home in PATH and other variables, except for those in the clone. */
function movedTo(
  own: string,
  { homes, but }: { homes: readonly string[]; but: string },
  env: Record<string, string>,
): Record<string, string> {
  const moved = (path: string) => {
    const from = contains(but, path) ? undefined : homes.find((home) => contains(home, path));
    return from === undefined ? path : own + path.slice(from.length);
  };
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.split(':').map(moved).join(':')]),
  );
}
