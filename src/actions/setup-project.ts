import { stat } from 'node:fs/promises';
import { ifExists } from '../base/errors.ts';
import { readRepository } from '../project/repository.ts';
import { pathFromFile } from '../project/samocode-file.ts';
import { type ProjectSetupReport, setupProject as setUp } from '../project/setup-project.ts';
import { trustFile } from '../project/trust.ts';
import type { ActionContext } from './context.ts';
import { NoSuchFolderError, namedFolder } from './named-folder.ts';
import { refuseFromInside } from './refuse-from-inside.ts';

export interface SetupProjectInput {
  /** The repository; without it the client's folder. */
  projectDir?: string | undefined;
  sessions?: string | undefined;
  worktrees?: string | undefined;
  /** Further lines of a new `.samocode`, by key. */
  lines?: Readonly<Record<string, string>> | undefined;
  /** The person agreed to `git init` and a first commit where they are missing. */
  initRepository?: boolean | undefined;
}

/** Checks a project's `.samocode`, or makes it with its folders; when it fails nothing stays. @throws what project/setup-project throws */
export async function setupProject(
  input: SetupProjectInput,
  context: ActionContext,
): Promise<ProjectSetupReport> {
  await refuseFromInside(context);
  const { env, home: homeDir, clock, cwd, roots = [] } = context;
  const folder = roots[0] ?? env.CLAUDE_PROJECT_DIR ?? cwd;
  const named = input.projectDir?.trim() ? namedFolder(input.projectDir, context) : folder;
  if ((await ifExists(stat(named)))?.isFile()) throw new NoSuchFolderError(named, 'A file is there');
  const mainRepo = await repositoryAround(named, context);
  const absolute = (path: string) => pathFromFile(path.trim(), { folder: mainRepo, homeDir });
  const report = await setUp({
    mainRepo,
    env,
    homeDir,
    clock,
    initRepository: input.initRepository ?? false,
    ...(input.sessions?.trim() && { sessions: absolute(input.sessions) }),
    ...(input.worktrees?.trim() && { worktrees: absolute(input.worktrees) }),
    ...(input.lines && { lines: input.lines }),
  });
  // Its lines are the caller's own words.
  const { filePath, fileHash } = report.project;
  if (report.kind === 'made') await trustFile(filePath, fileHash, { homeDir, clock });
  return report;
}

/** People and clients stand in a folder of the repository as often as in its top one. */
async function repositoryAround(folder: string, { env }: ActionContext): Promise<string> {
  const reading = await readRepository(folder, { baseEnv: env });
  return reading.kind === 'ready' || reading.kind === 'empty' ? reading.toplevel : folder;
}
