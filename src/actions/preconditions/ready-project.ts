import type { Project } from '../../project/finding/open-project.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import { requireBase } from '../../project/worktrees/base-commit.ts';
import type { ActionContext } from '../acting/context.ts';
import { findProjectFor, type ProjectQuestion } from '../places/find-project-for.ts';
import { requireTrust } from '../places/trust-project.ts';
import { refuseImpossibleCommands } from './what-cannot-run.ts';

/**
 * The project of a new session, found able to begin one.
 * @throws project_not_found, project_not_trusted, command_not_found, base_not_found; the errors of settings and
 * repositories
 */
export async function readyProject(
  { base, ...question }: ProjectQuestion & { base?: string | undefined },
  context: ActionContext,
): Promise<Project> {
  const project = await findProjectFor(question, context);
  const { mainRepo } = project;
  await requireTrust(project, context);
  await refuseImpossibleCommands(project, context);
  await requireIdentity(mainRepo, { baseEnv: context.env });
  if (base !== undefined) await requireBase({ mainRepo, base, baseEnv: context.env });
  return project;
}
