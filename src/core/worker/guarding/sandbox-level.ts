import { openToRepositories } from '../../agents/registry.ts';
import { isLower, type SandboxLevel } from '../../kernel/sandbox-level.ts';
import { forgeLoginProblem, type GuardNow } from '../../sandbox/probe-guard.ts';
import { Blocked } from '../state/interrupts.ts';
import { stateOf, type Worker } from '../state/worker.ts';

export const SANDBOX_LOWER = 'sandbox_lower';
const NEEDS_GUARD = 'agent_needs_guard';
export const FORGE_LOGIN = 'forge_login_open';

/** A session never continues with less protection than it started with or needs. @throws Blocked */
export async function requireSandboxLevel(worker: Worker): Promise<void> {
  await worker.guard.forgetReplaced();
  const level = await levelIfLower(worker);
  const now = await worker.guard.now();
  if (level === undefined) {
    requireGuardAsNeeded(worker, now);
    return await requireClosedForgeLogin(worker, now);
  }
  const why = now.level === 'none' ? `: ${now.why}. ${now.hint}` : '.';
  const reason = `The session started with the sandbox level "${promised(worker)}" and would continue with "${level}"${why} Fix that and resume, or resume in a terminal to continue at this level.`;
  throw new Blocked({ reason, needs: 'human_decision', rule: SANDBOX_LOWER });
}

/** A repository must not be able to make its agents run programs as the user. */
function requireGuardAsNeeded(worker: Worker, now: GuardNow): void {
  const title = openToRepositories(worker.guard.providers());
  if (now.level !== 'none' || title === undefined || worker.file.settings.acp?.withoutGuard) return;
  const reason = `A repository can make ${title} run programs before its first prompt, and its agents would run without the sandbox: ${now.why}. ${now.hint} Or resume with another provider.`;
  throw new Blocked({ reason, needs: 'human_decision', rule: NEEDS_GUARD });
}

/** Agents that might read text written by others must not be able to log in to GitHub as the user. */
async function requireClosedForgeLogin(worker: Worker, now: GuardNow): Promise<void> {
  const problem = forgeLoginProblem(now);
  if (problem === undefined || !(await worker.guard.hidesForgeLogin())) return;
  const reason = `Text written by others can reach its agents (it works on an issue, its pull request is watched, or .samocode has PR_WATCH=on or INTAKE_LABEL), so they must not be able to log in to GitHub as you, but here they could: ${problem.why}. Fix that and resume. To end a watch, run "samocode finish <session> --pull-request --no-watch".`;
  throw new Blocked({ reason, needs: 'human_decision', rule: FORGE_LOGIN });
}

/** The current level of a session that was blocked for a lower one, if it is still lower. */
export async function levelBlockedFor(worker: Worker): Promise<SandboxLevel | undefined> {
  const { status } = stateOf(worker);
  return status.kind === 'blocked' && status.rule === SANDBOX_LOWER ? await levelIfLower(worker) : undefined;
}

/** The current level, if it is lower than that of the session. */
async function levelIfLower(worker: Worker): Promise<SandboxLevel | undefined> {
  const then = promised(worker);
  const level = await worker.guard.level();
  return isLower(level, then) ? level : undefined;
}

function promised(worker: Worker): SandboxLevel {
  return stateOf(worker).sandbox ?? worker.file.sandbox;
}
