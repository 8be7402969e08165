import { isLower } from '../base/sandbox-level.ts';
import { SANDBOX_LOWER } from '../session/block-rules.ts';
import { blockedEvent } from './blocked.ts';
import { record, stateOf, type Worker } from './worker.ts';

/** No agent runs with less protection than the session began with unless a person says so. @returns false when it is blocked */
export async function guardStands(worker: Worker): Promise<boolean> {
  const { sandbox, progress } = stateOf(worker);
  const promised = sandbox ?? (worker.file.settings.sandbox === 'guard' ? 'best effort' : undefined);
  const level = await worker.guard.level(worker);
  if (promised === undefined || !isLower(level, promised)) return true;
  const now = await worker.guard.now(worker);
  const why = now.level === 'none' ? ` (${now.why}). ${now.hint}` : '.';
  const reason = `The session began with the sandbox level "${promised}"; now it is "${level}"${why} Resume once that is mended, or resume in a terminal to go on at this level.`;
  const block = blockedEvent({ phase: progress.phase, reason, needs: 'human_decision', rule: SANDBOX_LOWER });
  await record(worker, block);
  return false;
}
