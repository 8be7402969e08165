import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changeLines } from '../faults/with-settings.ts';
import { setPhase } from './put-in-phase.ts';
import { type RigPlan, type SessionRig, startRig } from './session-rig.ts';

/**
 * A finished session with a commit on its branch, and whose worker has left. With `copyOf` it begins as a copy of one
 * that has not started its first agent.
 */
export async function doneSession({ lines = {}, ...plan }: RigPlan = {}): Promise<SessionRig> {
  const rig = await startRig({ ...plan, lines: { GATES: 'none', ...lines }, start: { run: false } });
  if (plan.copyOf !== undefined) await changeLines(rig, lines);
  await commitWork(rig, 'work.txt');
  await setPhase(rig, 'done');
  await rig.resume();
  await rig.until(({ status }) => status.kind === 'done');
  return rig;
}

/** Commits one more file on the branch of a session. @returns the commit */
export async function commitWork(rig: SessionRig, name: string): Promise<string> {
  const path = (await rig.state()).worktree?.path ?? '';
  await writeFile(join(path, name), 'work\n');
  await rig.repo.git(['add', '-A'], path);
  await rig.repo.git(['commit', '--quiet', '-m', `Add ${name}`], path);
  return await rig.repo.git(['rev-parse', 'HEAD'], path);
}
