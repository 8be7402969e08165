import type { Project } from '../../../project/finding/open-project.ts';
import { requireIdentity } from '../../../project/git/repository.ts';
import { requireBase } from '../../../project/worktrees/base-commit.ts';
import { providerNamed } from '../../../providers/registry.ts';
import type { FrozenSettings } from '../../../session/events/session-file.ts';
import type { ActionContext } from '../context.ts';
import { findProjectFor, type ProjectQuestion } from '../places/find-project-for.ts';
import { requireTrust } from '../places/trust-project.ts';
import { START_ERRORS } from '../start-errors.ts';
import { type Machine, thisMachine } from './check.ts';
import { commandChecks } from './command-checks.ts';

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

/**
 * What `setup_project` reports as impossible, said again where a session would begin with it.
 * @throws command_not_found
 */
async function refuseImpossibleCommands(project: Project, context: ActionContext): Promise<void> {
  const check = (await commandChecks(project, context)).find(({ level }) => level === 'fail');
  if (check === undefined) return;
  const { found, fix = '' } = check;
  throw START_ERRORS.command_not_found({ found, fix });
}

/**
 * What would end the first paid iteration before it begins, from facts that cost nothing to ask.
 * @throws root_refused
 */
export function refuseWhatCannotRun(
  settings: Pick<FrozenSettings, 'provider' | 'providers' | 'permissions'>,
  { env }: Pick<ActionContext, 'env'>,
  { uid }: Pick<Machine, 'uid'> = thisMachine(),
): void {
  const { provider, providers, permissions } = settings;
  const refusing = [provider, ...Object.values(providers)].map(providerNamed).find((one) => one.refusesRoot);
  if (refusing !== undefined && isRefusedAsRoot({ uid, permissions, env }))
    throw START_ERRORS.root_refused({ title: refusing.title });
}

/** A provider that refuses to skip permissions for root does so unless the person calls the machine a sandbox, by a 1 and no other word. */
export function isRefusedAsRoot(facts: {
  uid: number | undefined;
  permissions: 'skip' | 'allow';
  env: Readonly<Record<string, string | undefined>>;
}): boolean {
  return facts.uid === 0 && facts.permissions === 'skip' && facts.env.IS_SANDBOX !== '1';
}
