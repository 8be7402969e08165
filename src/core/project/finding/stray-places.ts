import { dirname } from 'node:path';
import { configFolder, stateRootsOf } from '../../kernel/config-folder.ts';
import { systemErrorCode } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import { projectRows } from '../settings/project-rows.ts';
import { type Readings, type Settings, settingRows } from '../settings/settings.ts';
import { repositoryAround } from './find-project.ts';

/** The lines of a project's file that name a place, as far as they were read. */
export interface NamedPlaces {
  filePath: string;
  /** Without readings, all of them are of the file. */
  readings?: Readings;
  values: Partial<Pick<Settings, NamedPlace>>;
}

/** A `RiskyLine` about a place. */
export interface StrayLine {
  key: string;
  risk: 'loosens';
  value: string;
  note: string;
}

export type NamedPlace = 'mainRepo' | 'worktrees' | 'sessions' | 'constraints';

/** The settings whose paths stay below the folder of the file until a person trusts it. */
function places(): NamedPlace[] {
  return settingRows().flatMap(({ name, reach }) => (reach?.within === 'folder' ? [name as NamedPlace] : []));
}

/**
 * Lines of `.samocode` that lead, after links, to a place that the folder of the file does not contain, or that is not
 * the user's to give: a cloned repository could have written them. Runs nothing.
 */
export async function strayPlaces(
  { filePath, values, readings }: NamedPlaces,
  homeDir: string,
  among: readonly NamedPlace[] = places(),
): Promise<StrayLine[]> {
  const homes = [homeDir, configFolder(homeDir), ...stateRootsOf(homeDir)];
  const [folder, repository, ...closed] = await Promise.all([
    realPathAsFar(dirname(filePath)),
    realPathOf(values.mainRepo),
    ...homes.map((path) => realPathAsFar(path)),
  ]);
  const owners = [process.geteuid?.(), repository && statsAt(repository)?.uid];
  const lines = among.map(async (name): Promise<StrayLine[]> => {
    const path = values[name];
    if (path === undefined || !isOfFile(name, readings)) return [];
    const real = name === 'mainRepo' ? repository : await realPathOf(path);
    const around = name === 'mainRepo' && real === repositoryAround(folder);
    const isHere = real !== undefined && (around || isBelow(folder, real));
    if (isHere && (!isWritten(name) || isOwn(real, { folder, homes: closed, owners }))) return [];
    return [placeLine(name, path, real)];
  });
  return (await Promise.all(lines)).flat();
}

function placeLine(name: NamedPlace, path: string, real: string | undefined): StrayLine {
  const value = real === path ? path : `${path} -> ${real ?? 'a link that leads nowhere'}`;
  return { key: projectRows()[name].key, risk: 'loosens', value, note: 'a place outside of its folder' };
}

function isOfFile(name: NamedPlace, readings: NamedPlaces['readings']): boolean {
  return readings === undefined || readings.get(projectRows()[name].key)?.source.kind === 'project_file';
}

function isWritten(name: NamedPlace): boolean {
  return 'write' in projectRows()[name].reach && name !== 'mainRepo';
}

/** Whether samocode may make its folders there: this user's, and not in a home that the file's folder contains. */
function isOwn(
  real: string,
  { folder, homes, owners }: { folder: string; homes: readonly string[]; owners: unknown[] },
): boolean {
  const stats = statsAt(real);
  if (stats !== undefined && !owners.includes(stats.uid)) return false;
  return homes.every(
    (home) => pathInside(folder, home) === undefined || pathInside(home, real) === undefined,
  );
}

function isBelow(folder: string, real: string): boolean {
  return pathInside(folder, real)?.split('/').includes('.git') === false;
}

/** Without links; undefined if that cannot be said, as for a link whose target does not exist yet. */
async function realPathOf(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const real = await realPathAsFar(path);
    let there = real;
    while (statsAt(there) === undefined && dirname(there) !== there) there = dirname(there);
    return statsAt(there)?.isSymbolicLink() ? undefined : real;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
