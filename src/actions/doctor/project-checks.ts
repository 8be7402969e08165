import { isAbsolute } from 'node:path';
import { definedOnly } from '../../base/defined-only.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { runCommand } from '../../base/run-command.ts';
import type { Project } from '../../project/open-project.ts';
import { requireIdentity } from '../../project/repository.ts';
import { type Trust, trustIn } from '../../project/trust.ts';
import type { ActionContext } from '../context.ts';
import { riskyLineWords, trustHint } from '../require-trust.ts';
import { type DoctorCheck, fail, ok, warn } from './check.ts';
import { hostsCheck } from './hosts-check.ts';
import { folderChecks } from './machine-checks.ts';
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
    ...(await folderChecks('worktrees', values.worktrees)),
    await hostsCheck(values.sessions, context),
    await worktreeCheck(project, context),
    ...trustChecks(trust),
    ...(runChecks && trust.kind === 'fine'
      ? await triedChecks(project, context, signal)
      : await Promise.all(
          values.checks.map(({ command }, index) =>
            commandCheck(`check.${index + 1}`, command, mainRepo, context),
          ),
        )),
  ];
}

function trustChecks(trust: Trust): DoctorCheck[] {
  if (trust.kind === 'fine') return [];
  const lines = trust.lines.map(riskyLineWords).join('; ');
  const found = `Nobody has said yet that these lines of ${trust.filePath} may run or loosen something: ${lines}`;
  return [fail('project.trust', found, trustHint(trust.hash, trust.lines))];
}

async function identityCheck(mainRepo: string, { env }: ActionContext): Promise<DoctorCheck> {
  try {
    await requireIdentity(mainRepo, { baseEnv: env });
    return ok('git.identity', 'git knows who commits');
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return fail('git.identity', `${error.what} ${error.why}`, error.hint);
  }
}

/** The program of a command that begins plainly: settings of its environment, then a word that the shell takes as it stands. */
const PLAIN_PROGRAM = /^\s*(?:[A-Za-z_]\w*=[\w.,:/+@%-]*\s+)*([\w./+-]+)(?=[\s;&|<>]|$)/;

// The checks themselves may take an hour: unless they are wanted, only what the shell thinks of them is asked.
async function commandCheck(
  id: string,
  command: string,
  cwd: string,
  { env }: ActionContext,
): Promise<DoctorCheck> {
  const passes = async (...args: string[]) =>
    (await runCommand('/bin/sh', args, { cwd, env: definedOnly(env) })).exitCode === 0;
  if (!(await passes('-n', '-c', command)))
    return fail(id, `The shell cannot read the check: ${command}`, 'Correct CHECK.');
  const program = PLAIN_PROGRAM.exec(command)?.[1];
  if (program === undefined || (await passes('-c', 'command -v "$1" >/dev/null', 'sh', program)))
    return ok(id, command);
  const found = `The shell does not find "${program}" of the check: ${command}`;
  // What a path of the repository leads to may only come with SETUP, or with the branch of a session.
  return program.includes('/') && !isAbsolute(program)
    ? warn(id, found, 'See that SETUP makes it, or correct CHECK; "samocode doctor --checks" tries both.')
    : fail(id, found, 'Install it, or correct CHECK.');
}
