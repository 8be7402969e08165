import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { findProject, ProjectNotFoundError, SAMOCODE_FILE } from '../project/find-project.ts';
import { readKnownProjects, rememberProject } from '../project/known-projects.ts';
import { openProject, type Project } from '../project/open-project.ts';
import type { SessionSettings } from '../project/settings.ts';
import type { ActionContext } from './context.ts';
import { namedFolder } from './named-folder.ts';

export interface ProjectQuestion {
  /** A folder in or below the project, or its `.samocode` itself; without it the client's folders are tried. */
  projectDir?: string | undefined;
  /** Settings that the call itself names. */
  call?: SessionSettings | undefined;
}

/**
 * The project that a call is about, opened and checked: the one that it names, else that of the client's
 * folders, else the only one that is known on this machine.
 * @throws ProjectNotFoundError, ProjectUnclearError, NoSuchFolderError, and what `openProject` throws
 */
export async function findProjectFor(question: ProjectQuestion, context: ActionContext): Promise<Project> {
  const { env, home: homeDir, clock } = context;
  const filePath = await findProjectFile(question.projectDir, context);
  const project = await openProject({
    filePath,
    env,
    homeDir,
    ...(question.call && { call: question.call }),
  });
  const { mainRepo, values } = project;
  // A convenience: a home folder that can't be written must not stop anything.
  await rememberProject({ filePath, mainRepo, sessions: values.sessions }, { homeDir, clock }).catch(
    () => {},
  );
  return project;
}

/** The absolute path of the project's `.samocode`. @throws ProjectNotFoundError, ProjectUnclearError */
export async function findProjectFile(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<string> {
  const { home: homeDir } = context;
  let notFound: unknown;
  for (const named of startFolders(projectDir, context)) {
    const isFile = (await ifExists(stat(named)))?.isFile() ?? false;
    if (isFile && basename(named) === SAMOCODE_FILE) return named;
    // Any other file is a place in its project, as an editor names it.
    const from = isFile ? dirname(named) : named;
    try {
      return await findProject({ from, homeDir });
    } catch (error) {
      if (!(error instanceof ProjectNotFoundError)) throw error;
      notFound ??= error;
    }
  }
  const known = projectDir?.trim() ? [] : await knownProjectFiles(homeDir);
  if (known.length > 1) throw new ProjectUnclearError(known);
  if (known[0] === undefined) throw notFound;
  return known[0];
}

/** The `.samocode` files that were used on this machine and are still there, last used first. */
export async function knownProjectFiles(homeDir: string): Promise<string[]> {
  const known = await readKnownProjects(homeDir);
  const paths = known.kind === 'read' ? known.projects.map(({ filePath }) => filePath) : [];
  const found = await Promise.all(paths.map((path) => ifExists(stat(path))));
  return paths.filter((_, index) => found[index]?.isFile());
}

function startFolders(
  projectDir: string | undefined,
  { roots = [], env, home, cwd }: ActionContext,
): string[] {
  if (projectDir?.trim()) return [namedFolder(projectDir, { cwd, home })];
  const ofClient = env.CLAUDE_PROJECT_DIR;
  return [...new Set([...roots, ...(ofClient ? [ofClient] : []), cwd])];
}

export class ProjectUnclearError extends SamocodeError {
  readonly code = 'project_unclear';

  constructor(filePaths: readonly string[]) {
    super(
      'It is not clear which project is meant.',
      `The client named no folder of one, and these are known: ${filePaths.slice(0, 10).join(', ')}.`,
      'Pass project_dir, the folder of one of them.',
    );
  }
}
