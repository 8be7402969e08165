import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { defaultRemote } from '../../../core/project/git/remotes.ts';
import { FORGE_ERRORS } from './forge-errors.ts';
import { forgeRemotes } from './forge-remotes.ts';
import { repositoryIn } from './repository-name.ts';
import { requestRepository } from './request-repository.ts';

interface ProjectRepositories {
  /** The repository of the default remote, else of the first one that names a repository. */
  own: string;
  /** All that the remotes name, its own first. */
  named: readonly string[];
  /** The repository whose issues the project works on: a fork works on those of the original. */
  issues(): Promise<string>;
}

/** @returns undefined if no remote names a repository on a forge */
export async function repositoriesOf(
  { mainRepo }: Pick<Project, 'mainRepo'>,
  { env }: Pick<ActionContext, 'env'>,
): Promise<ProjectRepositories | undefined> {
  const remotes = await forgeRemotes({ baseEnv: env, cwd: mainRepo, allowFailure: true });
  const first = defaultRemote(remotes);
  const ordered = [...(first ? [first] : []), ...remotes.filter((each) => each !== first)];
  const named = ordered.flatMap(({ url }) => repositoryIn(url) ?? []);
  const [own] = named;
  return own === undefined
    ? undefined
    : { own, named, issues: () => requestRepository({ from: own, remotes }, { env }) };
}

/** @throws forge_no_repository */
export async function requireRepositories(
  project: Pick<Project, 'mainRepo'>,
  context: Pick<ActionContext, 'env'>,
): Promise<ProjectRepositories> {
  const repositories = await repositoriesOf(project, context);
  if (repositories === undefined) throw FORGE_ERRORS.forge_no_repository(project);
  return repositories;
}
