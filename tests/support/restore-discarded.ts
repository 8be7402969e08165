import type { SamocodeError } from '../../src/core/kernel/errors.ts';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { finishSession } from './as-shown.ts';
import type { SessionRig } from './session-rig.ts';

/** Runs the commands that are printed for a discarded session, then takes it out of the archive. */
export async function restoreDiscarded(rig: SessionRig): Promise<void> {
  const unarchive = { session: rig.file.folder, how: 'unarchive', keep: [] } as const;
  const refusal = await finishSession(unarchive, rig.context()).catch((error: unknown) => error);
  const { why } = refusal as SamocodeError;
  await runCommand('/bin/sh', ['-c', why.slice(why.indexOf('git -C'))], { cwd: '/', env: rig.repo.env });
  await finishSession(unarchive, rig.context());
}
