import type { ActionContext } from '../../caller/context/context.ts';
import { type DoctorCheck, fail, failed, ok } from '../../caller/refusals/check.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { quotedSaid, saidBy } from '../../kernel/said.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { lackingSetup } from '../../project/finding/proposed-commands.ts';
import { checkoutsOf, namesInto } from '../../project/proving/checkout-variables.ts';
import { resolveBase } from '../../project/worktrees/base-commit.ts';
import { withLacking } from '../../sandbox/lacking-setup.ts';
import { leftOutOf } from '../../sandbox/programs/environment.ts';
import { type CloneSet, checksOnClone, filterOf, projectClone } from './checks-on-clone.ts';

/** The parts of a proof, and what the failure of one means for a session. */
const KINDS = {
  setup: { words: 'SETUP ', otherwise: 'blocks before its first agent' },
  services: { words: 'The service line ', otherwise: 'counts its checks as failed until it is repaired' },
  check: { words: '', otherwise: 'asks whether repairing it is part of the task' },
};

/**
 * Runs SETUP, services and each CHECK once as a worker would, on the commit from which a session would start. If a
 * check fails there, each session asks whether to repair it.
 */
export async function triedChecks(
  project: Project,
  context: ActionContext,
  signal: AbortSignal = new AbortController().signal,
): Promise<DoctorCheck[]> {
  const { mainRepo, values } = project;
  const { checks, checkIn } = values;
  if (checks.length === 0) return [];
  let problem: string | undefined;
  const cloneFailed = (words: string) => {
    problem = words;
    return new Error(words);
  };
  const asWorktree = checkIn === 'worktree';
  try {
    const { commit, name: branch } = await resolveBase({ mainRepo, baseEnv: context.env, signal });
    const { place, commands, env, proving: frozen } = await projectClone(project, context);
    const proving = { ...frozen, copy: asWorktree ? [] : frozen.copy };
    const set = { commit, branch, base: commit, commands, proving, asWorktree };
    const run = (again?: Partial<CloneSet>) =>
      checksOnClone(place, { ...set, ...again }, { ...context, env }, { signal, cloneFailed });
    const guard = asWorktree ? undefined : place.guard;
    const checkouts = await checkoutsOf({ mainRepo, worktreesDir: values.worktrees }, env);
    const isLed = !asWorktree && namesInto(env, checkouts).length > 0;
    const of = { isLed, guard, git: place.git, signal };
    const { runs } = await withLacking(await run(), of, run);
    const lacking = await lackingSetup(mainRepo, proving.setup);
    return runs.map(({ command, isSetup, how, tail = '', lacksSetup }) => {
      const kind = !isSetup ? 'check' : command === values.setup ? 'setup' : 'services';
      const { words, otherwise } = KINDS[kind];
      const id = kind === 'check' ? `check.${commands.indexOf(command) + 1}` : kind;
      const name = `${words}\`${command}\``;
      if (how === undefined) return ok(id, `${name} passes on the base of a session`);
      const fix = lacksSetup
        ? `${lacking} Otherwise each session asks about it.`
        : `Fix it on the base branch, or correct .samocode (CHECK_COPY names ignored files that it needs, CHECK_HOME what it needs from home); otherwise each session ${otherwise}.`;
      const said = quotedSaid(saidBy(tail, env));
      const leftOut = leftOutOf(env, filterOf(place.guard));
      return fail(id, `${leftOut} ${name} fails on the base of a session (${how}).${said}`.trim(), fix);
    });
  } catch (error) {
    if (problem !== undefined) {
      const found = `A ${asWorktree ? 'worktree' : 'fresh clone'} of the base commit failed: ${problem}`;
      return [fail('check', found, 'Fix that, then run doctor again.')];
    }
    if (!isSamocodeError(error)) throw error;
    return [failed('check', error)];
  }
}
