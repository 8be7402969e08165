import { isLower, type SandboxLevel } from '../../base/sandbox-level.ts';
import { blockHere } from '../core/blocked.ts';
import { stateOf, type Worker } from '../core/worker.ts';

export const SANDBOX_LOWER = 'sandbox_lower';

/** Blocks a session that would run with less protection than it started with. @returns false when it is blocked */
export async function checkSandboxLevel(worker: Worker): Promise<boolean> {
  const level = await levelIfLower(worker);
  if (level === undefined) return true;
  const now = await worker.guard.now(worker);
  const why = now.level === 'none' ? `: ${now.why}. ${now.hint}` : '.';
  const reason = `The session started with the sandbox level "${promised(worker)}" and would continue with "${level}"${why} Fix that and resume, or resume in a terminal to continue at this level.`;
  return await blockHere(worker, { reason, needs: 'human_decision', rule: SANDBOX_LOWER });
}

/** The current level of a session that was blocked for a lower one, if it is still lower. */
export async function levelBlockedFor(worker: Worker): Promise<SandboxLevel | undefined> {
  const { status } = stateOf(worker);
  return status.kind === 'blocked' && status.rule === SANDBOX_LOWER ? await levelIfLower(worker) : undefined;
}

/** The current level, if it is lower than that of the session. */
async function levelIfLower(worker: Worker): Promise<SandboxLevel | undefined> {
  const then = promised(worker);
  const level = await worker.guard.level(worker);
  return isLower(level, then) ? level : undefined;
}

function promised(worker: Worker): SandboxLevel {
  return stateOf(worker).sandbox ?? worker.file.sandbox;
}
