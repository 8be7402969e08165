import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { ifExists } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';

const KnownProject = z.looseObject({
  filePath: z.string().min(1),
  mainRepo: z.string().min(1),
  sessions: z.string().min(1),
  lastUsedAt: z.string(),
});
export type KnownProject = z.infer<typeof KnownProject>;

const ProjectsFile = z.looseObject({ v: z.literal(1), projects: z.array(z.unknown()) });

export type KnownProjects =
  | { kind: 'read'; projects: readonly KnownProject[] }
  /** Not a failure: the list is only a convenience, and is rebuilt by use. */
  | { kind: 'malformed'; problem: string };

/** Beyond this many, the least recently used are dropped. */
const MAX_PROJECTS = 200;

/** The projects of this machine, most recently used first. A missing file is an empty list. */
export async function readKnownProjects(homeDir: string): Promise<KnownProjects> {
  const path = projectsPath(homeDir);
  const text = await ifExists(readFile(path, 'utf8'));
  if (text === undefined) return { kind: 'read', projects: [] };
  const parsed = ProjectsFile.safeParse(parseJson(text));
  if (!parsed.success) return { kind: 'malformed', problem: `${path} is not a list of projects.` };
  const projects = parsed.data.projects.flatMap((entry) => KnownProject.safeParse(entry).data ?? []);
  return { kind: 'read', projects: projects.sort((a, b) => b.lastUsedAt.localeCompare(a.lastUsedAt)) };
}

/** How old the record of the project used last may be. */
const USED_MS = 60 * 60_000;

/** Records the use of a project, unless it was the last one used within the hour. A malformed file is moved aside as `projects.json.unreadable`. */
export async function rememberProject(
  project: Omit<KnownProject, 'lastUsedAt'> & { filePath: string; mainRepo: string; sessions: string },
  { homeDir, clock }: { homeDir: string; clock: Clock },
): Promise<void> {
  const path = projectsPath(homeDir);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const entry = KnownProject.parse({ ...project, lastUsedAt: isoUtc(clock.now()) });
  const known = await readKnownProjects(homeDir);
  const { lastUsedAt = '', ...last } = (known.kind === 'read' && known.projects[0]) || {};
  if (isDeepStrictEqual(last, project) && clock.now() - Date.parse(lastUsedAt) < USED_MS) return;
  if (known.kind === 'malformed') await rename(path, `${path}.unreadable`);
  const others =
    known.kind === 'read' ? known.projects.filter(({ filePath }) => filePath !== entry.filePath) : [];
  const projects = [entry, ...others].slice(0, MAX_PROJECTS);
  await writeWhole(path, `${JSON.stringify({ v: 1, projects }, null, 2)}\n`, 0o600);
}

function projectsPath(homeDir: string): string {
  return join(configFolder(homeDir), 'projects.json');
}
