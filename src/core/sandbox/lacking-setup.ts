import { join } from 'node:path';
import { contains } from '../kernel/files/contains.ts';
import { baseChecksOf } from '../kernel/phases/proving.ts';
import { readRecords } from '../project/git/git.ts';
import type { GitContext } from '../project/git/repository.ts';
import type { SetEnd } from '../project/proving/run-on-clone.ts';
import type { GuardPlaces } from './places.ts';
import type { ActiveGuard } from './probe-guard.ts';
import { hidesFolders } from './proof-place.ts';

/** Failed checks, to be run again beside folders of the main checkout. */
interface Again {
  name: string;
  commands: readonly string[];
  /** Paths below MAIN_REPO. */
  lent: readonly string[];
}

/**
 * Runs the checks that failed on the base once more, on another clone: beside the main checkout and its ignored folders,
 * with variables that lead there. Marks those that pass: they need the main checkout. This explains a failure and proves
 * nothing.
 * @param of.isLed whether variables of the environment name something in a checkout
 * @param again runs a set on a fresh clone
 */
export async function withLacking(
  end: SetEnd,
  of: { isLed: boolean; guard: ActiveGuard | undefined; git: GitContext; signal: AbortSignal },
  again: (set: Again) => Promise<SetEnd>,
): Promise<SetEnd> {
  const { isLed, guard, git, signal } = of;
  const shows = hidesFolders(guard) ? guard : undefined;
  if (shows === undefined && !isLed) return end;
  const { result, failed } = baseChecksOf(end);
  if (result !== 'red') return end;
  const commands = failed.map(({ command }) => command);
  const beside = async () => {
    const lent = shows === undefined ? [] : await ignoredFolders(shows.places, { ...git, signal });
    return (await again({ name: 'base-lent', commands, lent })).runs;
  };
  // Whatever prevents it, the failure is as known as before.
  const runs = await beside().catch(() => []);
  signal.throwIfAborted();
  const passed = new Set(runs.flatMap(({ command, how }) => (how === undefined ? [command] : [])));
  const marked = end.runs.map((run) =>
    run.how !== undefined && passed.has(run.command) ? { ...run, lacksSetup: true as const } : run,
  );
  return { ...end, runs: marked };
}

/** Each is a mount. */
const MAX_LENT = 500;

/** The folders that git ignores in the main checkout, except samocode's own. */
async function ignoredFolders(places: GuardPlaces, git: GitContext): Promise<string[]> {
  const { mainRepo, home, worktreesDir, sessionsDir, stateRoot, configFolder } = places;
  // What a home has is never shown.
  if (contains(mainRepo, home.dir)) return [];
  const own = [worktreesDir, sessionsDir, stateRoot, configFolder];
  const found: string[] = [];
  const list = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  await readRecords(list, { ...git, cwd: mainRepo }, (name) => {
    const path = join(mainRepo, name).replace(/\/$/, '');
    if (name.endsWith('/') && !own.some((each) => contains(each, path) || contains(path, each)))
      found.push(name.slice(0, -1));
    return found.length < MAX_LENT;
  });
  return found;
}
