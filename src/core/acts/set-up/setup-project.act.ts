import { stat } from 'node:fs/promises';
import type { ActionContext } from '../../caller/context/context.ts';
import { requirePlacesOf } from '../../caller/context/find-project-for.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { formatRiskyLine, needsPerson, trustAsSeen } from '../../caller/context/trust-project.ts';
import { foldersOfCall } from '../../caller/context/which-projects.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { ifExists } from '../../kernel/errors.ts';
import { mainCheckoutOf } from '../../project/finding/find-project.ts';
import { makeProject, type ProjectSetupReport } from '../../project/finding/make-project.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { lostByRebuild } from '../../project/finding/project-place.ts';
import { type Trust, trustFile, trustIn } from '../../project/finding/trust.ts';
import { readRepository } from '../../project/git/repository.ts';
import { openingsOf } from '../../project/settings/openings.ts';
import { pathFromFile } from '../../project/settings/samocode-file.ts';
import { proposedVariables, variablesText } from './proposed-variables.ts';

export interface SetupProjectInput {
  projectDir?: string;
  sessions?: string;
  worktrees?: string;
  lines?: Readonly<Record<string, string>> | undefined;
  /** The person agreed to create a repository and a first commit if they are missing. */
  initRepository?: boolean;
  /** Hash of a `.samocode` whose commands and relaxed rules the person has seen and agrees to. */
  trust?: string;
}

/** `trust`: whether all lines of the file now take effect. */
export type ProjectSetupResult = ProjectSetupReport & { trust: Trust };

/** Checks a project's `.samocode`, or creates it with its folders; on failure nothing is left behind. */
export async function setupProject(
  input: SetupProjectInput,
  context: ActionContext,
): Promise<ProjectSetupResult> {
  await refuseFromInside(context);
  const { env, home: homeDir, clock } = context;
  const { mainRepo, linked } = await repositoryFor(input.projectDir, context);
  const absolute = (path: string) => pathFromFile(path.trim(), { folder: mainRepo, homeDir });
  const report = await makeProject({
    mainRepo,
    env,
    homeDir,
    clock,
    initRepository: input.initRepository ?? false,
    ...(input.sessions?.trim() && { sessions: absolute(input.sessions) }),
    ...(input.worktrees?.trim() && { worktrees: absolute(input.worktrees) }),
    lines: input.lines,
  });
  const { project } = report;
  await requirePlacesOf(project, context);
  // The caller wrote these lines, so they are trusted, except that a model may not relax a rule itself.
  const written = await trustIn(project, context);
  const isTrustedAtOnce =
    report.kind === 'made' && !(written.kind === 'untrusted' && needsPerson(written.lines, context.by));
  const { filePath, mcpText } = project;
  if (isTrustedAtOnce) await trustFile(filePath, report.writtenHash, { homeDir, clock, mcpText });
  const trusted = input.trust?.trim() ? await trustAsSeen(project, input.trust, context) : [];
  const words = trusted.map(formatRiskyLine).join('; ');
  return {
    ...report,
    done: [...report.done, ...(words ? [`Trusted: ${words}.`] : [])],
    warnings: [
      ...(linked === undefined
        ? []
        : [`${linked} is a linked worktree; it belongs to the project of its main checkout, ${mainRepo}.`]),
      ...report.warnings,
      ...(await lostByRebuild({ mainRepo: project.mainRepo, sessions: project.values.sessions }, homeDir)),
      ...(await variableWarnings(project, env)),
    ],
    trust: await trustIn(project, context),
  };
}

/** The one repository, or folder without one, that the call refers to. */
async function repositoryFor(projectDir: string | undefined, context: ActionContext): Promise<Enclosing> {
  const { folders } = foldersOfCall(projectDir, context);
  const found = new Map<string, Enclosing>();
  for (const folder of folders) {
    if ((await ifExists(stat(folder)))?.isFile())
      throw ACTION_ERRORS.no_such_folder({ path: folder, why: 'There is a file at this path' });
    const enclosing = await enclosingRepository(folder, context);
    found.set(enclosing.mainRepo, enclosing);
  }
  const [only, ...others] = found.values();
  if (only === undefined || others.length > 0)
    throw ACTION_ERRORS.project_unclear({ files: [...found.keys()] });
  return only;
}

async function variableWarnings({ mainRepo, values }: Project, env: ActionContext['env']): Promise<string[]> {
  const sandboxed = { sandbox: values.sandbox, openings: openingsOf(values) };
  const proposed = await proposedVariables(mainRepo, env, sandboxed);
  return proposed === undefined ? [] : [variablesText(proposed)];
}

interface Enclosing {
  mainRepo: string;
  linked?: string;
}

/**
 * Finds the main checkout to which a folder belongs. A working folder is often below the top, and for a
 * linked worktree `findProject` looks for the project file in the main checkout.
 */
export async function enclosingRepository(
  folder: string,
  { env }: Pick<ActionContext, 'env'>,
): Promise<Enclosing> {
  const reading = await readRepository(folder, { baseEnv: env });
  if (reading.kind !== 'ready' && reading.kind !== 'empty') return { mainRepo: folder };
  const mainRepo = await mainCheckoutOf(reading.toplevel);
  return mainRepo === undefined ? { mainRepo: reading.toplevel } : { mainRepo, linked: reading.toplevel };
}
