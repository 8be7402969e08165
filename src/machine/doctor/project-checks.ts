import type { ActionContext } from '../../actions/acting/context.ts';
import { riskyLineWords } from '../../actions/places/require-trust.ts';
import { type DoctorCheck, fail, failed, ok, warn } from '../../actions/preconditions/check.ts';
import { commandChecks } from '../../actions/preconditions/command-checks.ts';
import { isSamocodeError } from '../../base/errors.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { type Trust, trustIn } from '../../project/finding/trust.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import { hostsCheck } from './hosts-check.ts';
import { folderChecks, linkChecks } from './machine-checks.ts';
import { worktreeCheck } from './trial-worktree.ts';
import { triedChecks } from './tried-checks.ts';

/** What a project's settings promise, held against what is there. */
export async function projectChecks(
  project: Project,
  context: ActionContext,
  { runChecks, signal }: { runChecks: boolean; signal?: AbortSignal | undefined },
): Promise<DoctorCheck[]> {
  const { values, warnings, filePath, mainRepo } = project;
  const trust = await trustIn(project, context.home);
  return [
    warnings.length === 0
      ? ok('project', filePath)
      : warn('project', warnings.map(({ text }) => text).join(' '), `Look at ${filePath}.`),
    await identityCheck(mainRepo, context),
    ...(await folderChecks('sessions', values.sessions)),
    ...(await linkChecks('sessions', values.sessions)),
    ...(await folderChecks('worktrees', values.worktrees)),
    await hostsCheck(values.sessions, context),
    await worktreeCheck(project, context),
    ...trustChecks(trust),
    ...(runChecks && trust.kind === 'fine'
      ? await triedChecks(project, context, signal)
      : await commandChecks(project, context)),
  ];
}

function trustChecks(trust: Trust): DoctorCheck[] {
  if (trust.kind === 'fine') return [];
  const lines = trust.lines.map(riskyLineWords).join('; ');
  const found = `These lines of ${trust.filePath} run something or relax a rule, and are not trusted yet: ${lines}`;
  return [fail('project.trust', found, 'Read these lines; to trust them: samocode trust.')];
}

async function identityCheck(mainRepo: string, { env }: ActionContext): Promise<DoctorCheck> {
  try {
    await requireIdentity(mainRepo, { baseEnv: env });
    return ok('git.identity', 'git has an author identity');
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return failed('git.identity', error);
  }
}
