import { ulid } from 'ulid';
import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, fail, failed, ok, warn } from '../../actions/preconditions/check.ts';
import { checksOnClone, cloneGuard, NO_CLONE_GUARD } from '../../actions/proving/checks-on-clone.ts';
import { frozenProving } from '../../actions/sessions/freeze-settings.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { endTree } from '../../base/processes/end-tree.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { failureOf } from '../../project/finding/project-command.ts';
import { type BaseCommit, resolveBase } from '../../project/worktrees/base-commit.ts';
import { childEnvironment, SESSION_MARK } from '../../providers/starting/environment.ts';
import { environmentOfSessions } from '../../providers/starting/login-shell.ts';
import { withTrialWorktree } from './trial-worktree.ts';

const GRACE_MS = 300;

/**
 * Runs SETUP and each CHECK once, as a worker would, on the commit from which a session would start: a check
 * that fails there would fail for a child's work too.
 */
export async function triedChecks(
  project: Project,
  context: ActionContext,
  signal?: AbortSignal,
): Promise<DoctorCheck[]> {
  const { mainRepo, values } = project;
  if (values.checks.length === 0) {
    return [
      warn(
        'check',
        'There is no CHECK.',
        'Add one to .samocode, for example CHECK=npm test: it must pass before a session is done.',
      ),
    ];
  }
  try {
    const base = await resolveBase({ mainRepo, baseEnv: context.env, signal });
    if (values.checkIn === 'clone') return await runInClone(project, context, base, signal);
    const trial = { commit: base.commit, checkout: true, signal };
    return await withTrialWorktree(project, context, trial, (cwd) =>
      runAll(project, context, { cwd, signal }),
    );
  } catch (error) {
    if (error instanceof NoClone) {
      const found = `No fresh clone of the base of a session could be made: ${error.message}`;
      return [fail('check', found, 'Fix that, then run doctor again.')];
    }
    if (!isSamocodeError(error)) throw error;
    return [failed('check', error)];
  }
}

class NoClone extends Error {}

async function runInClone(
  { mainRepo, values }: Project,
  context: ActionContext,
  { commit, name: branch }: BaseCommit,
  signal: AbortSignal = new AbortController().signal,
): Promise<DoctorCheck[]> {
  const { worktrees: worktreesDir, sessions: sessionsDir, sandbox, sandboxWrite: writable = [] } = values;
  const folders = { mainRepo, sessionsDir, worktreesDir, writable };
  const guard = sandbox === 'off' ? NO_CLONE_GUARD : await cloneGuard(folders, context);
  const place = { mainRepo, worktreesDir, git: { baseEnv: context.env }, guard };
  const commands = values.checks.map(({ command }) => command);
  const set = {
    commit,
    branch,
    base: commit,
    commands,
    proving: { ...frozenProving(values), setupCache: [] },
  };
  const env = await environmentOfSessions(context.env, context.home);
  const cloneFailed = (problem: string) => new NoClone(problem);
  const { runs } = await checksOnClone(place, set, { ...context, env }, { signal, cloneFailed });
  return runs.map(({ command, isSetup, how }) =>
    isSetup
      ? judged('setup', `SETUP \`${command}\``, how)
      : judged(`check.${commands.indexOf(command) + 1}`, `\`${command}\``, how),
  );
}

async function runAll(
  { values: { setup, checks } }: Project,
  { env, home, host, clock }: ActionContext,
  { cwd, signal }: { cwd: string; signal: AbortSignal | undefined },
): Promise<DoctorCheck[]> {
  const mark = ulid();
  const started = await environmentOfSessions(env, home);
  const options = { cwd, env: childEnvironment(started, { sessionUlid: mark, iteration: 0 }), signal };
  const results: DoctorCheck[] = [];
  try {
    if (setup !== undefined) {
      const how = (await failureOf(setup, options))?.how;
      results.push(judged('setup', `SETUP \`${setup}\``, how));
    }
    for (const [index, { command }] of checks.entries()) {
      signal?.throwIfAborted();
      const how = (await failureOf(command, options))?.how;
      results.push(judged(`check.${index + 1}`, `\`${command}\``, how));
    }
    return results;
  } finally {
    // Servers that a check has started go before their folder does.
    await endTree(undefined, { name: SESSION_MARK, value: mark }, { host, clock, graceMs: GRACE_MS });
  }
}

function judged(id: string, name: string, how: string | undefined): DoctorCheck {
  if (how === undefined) return ok(id, `${name} passes on the base of a session`);
  const fix =
    'Fix it on the base branch, or correct .samocode (CHECK_COPY names ignored files that it needs): no session can be done before it passes.';
  return fail(id, `${name} fails on the base of a session (${how}).`, fix);
}
