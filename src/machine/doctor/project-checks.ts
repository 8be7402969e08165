import type { ActionContext } from '../../actions/acting/context.ts';
import { riskyLineWords } from '../../actions/places/require-trust.ts';
import { type DoctorCheck, fail, failed, ok, warn } from '../../actions/preconditions/check.ts';
import { commandChecks } from '../../actions/preconditions/command-checks.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { readHolding, readLeases } from '../../base/processes/lease.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { type Trust, trustIn } from '../../project/finding/trust.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { sessionFolders } from '../../session/session-list.ts';
import { isOfFiles } from '../../session/unreadable.ts';
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

/** Whether workers of other machines or containers have worked in a SESSIONS folder. */
export async function hostsCheck(sessionsDir: string, { host }: ActionContext): Promise<DoctorCheck> {
  const others = new Set<string>();
  const unreadable: string[] = [];
  const unseen: string[] = [];
  for (const folder of await sessionFolders(sessionsDir)) {
    const { leases } = sessionPaths(sessionsDir, folder);
    try {
      const holding = await readHolding(leases, host);
      if (holding.kind === 'held' && holding.liveness === 'unknowable') {
        others.add(holding.lease.owner.hostId);
        unseen.push(folder);
      }
      for (const { owner } of await readLeases(leases)) {
        if (owner.hostId !== host.hostId) others.add(owner.hostId);
      }
    } catch (error) {
      if (!isOfFiles(error)) throw error;
      unreadable.push(folder);
    }
  }
  if (unreadable.length > 0)
    return warn(
      'sessions.hosts',
      `Sessions in ${sessionsDir} cannot be read: ${unreadable.join(', ')}.`,
      'They belong to another user, for example after "sudo samocode": change their owner with chown.',
    );
  if (others.size === 0) return ok('sessions.hosts', 'used by this machine alone');
  return warn(
    'sessions.hosts',
    `Workers of other machines or containers have run in ${sessionsDir}: ${[...others].join(', ')}.${unseen.length > 0 ? ` Whether they still run ${unseen.join(', ')} cannot be seen from here.` : ''}`,
    'Use it from one machine only: another cannot see whether a worker here is alive. "samocode takeover" takes over a session of a machine that is gone.',
  );
}
