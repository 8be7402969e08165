import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { ifExists } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { respondingOf } from '../../kernel/files/silent-places.ts';
import { parseJson } from '../../kernel/parse-json.ts';

const KnownProject = z.looseObject({
  filePath: z.string().min(1),
  mainRepo: z.string().min(1),
  sessions: z.string().min(1),
  lastUsedAt: z.string(),
});
export type KnownProject = z.infer<typeof KnownProject>;

/** Beyond this many, the least recently used are dropped. */
const MAX_PROJECTS = 200;

/** The projects of this machine, most recently used first. A malformed record is left out: use writes it again. */
export async function readKnownProjects(homeDir: string): Promise<KnownProject[]> {
  const folder = projectsFolder(homeDir);
  const names = (await ifExists(readdir(folder))) ?? [];
  const own = names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  const texts = await Promise.all(own.map((path) => ifExists(readFile(path, 'utf8'))));
  const projects = texts.flatMap((text) => KnownProject.safeParse(parseJson(text ?? '')).data ?? []);
  return projects.sort((a, b) => b.lastUsedAt.localeCompare(a.lastUsedAt));
}

/** The known projects, or those of a repository, whose disks respond: that of another may be a mount that was lost. */
export async function respondingProjects(homeDir: string, repository?: string): Promise<KnownProject[]> {
  const all = await readKnownProjects(homeDir);
  const known = all.filter(({ mainRepo }) => repository === undefined || mainRepo === repository);
  const responding = await respondingOf(known.flatMap(({ filePath, sessions }) => [filePath, sessions]));
  return known.filter(({ filePath, sessions }) => responding.has(filePath) && responding.has(sessions));
}

/** How old the record of the project used last may be. */
const USED_MS = 60 * 60_000;

/** Records the use of a project, unless it was the last one used within the hour. */
export async function rememberProject(
  project: Omit<KnownProject, 'lastUsedAt'> & { filePath: string; mainRepo: string; sessions: string },
  { homeDir, clock }: { homeDir: string; clock: Clock },
): Promise<void> {
  const known = await readKnownProjects(homeDir);
  const { lastUsedAt = '', ...last } = known[0] ?? {};
  const isRecent = isDeepStrictEqual(last, project) && clock.now() - Date.parse(lastUsedAt) < USED_MS;
  if (isRecent) return;
  makeFolder(projectsFolder(homeDir), 0o700);
  const others = known.filter(({ filePath }) => filePath !== project.filePath);
  const text = `${JSON.stringify({ ...project, lastUsedAt: isoUtc(clock.now()) }, null, 2)}\n`;
  await writeWhole(recordPath(project.filePath, homeDir), text, { mode: 0o600 });
  for (const { filePath } of others.slice(MAX_PROJECTS - 1))
    await rm(recordPath(filePath, homeDir), { force: true });
}

/** Records that the user was told something about a project. @returns whether this is the first time */
export async function isFirstTime(of: string, filePath: string, homeDir: string): Promise<boolean> {
  const mark = `${recordPath(filePath, homeDir)}.${of}`;
  // If the mark cannot be written, the user is told again.
  return await writeWhole(mark, '', { mode: 0o600, exclusive: true }).catch(() => true);
}

/** One file per project, so that concurrent writes don't conflict. */
function recordPath(filePath: string, homeDir: string): string {
  return join(projectsFolder(homeDir), `${fingerprint(filePath).slice(0, 32)}.json`);
}

function projectsFolder(homeDir: string): string {
  return join(configFolder(homeDir), 'projects');
}
