import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { FrozenSettings, SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import type { TempLog } from '../../../support/temp-log.ts';

interface Parts extends Partial<Omit<Worker, 'file'>> {
  file?: Partial<SessionFile>;
  settings?: Partial<FrozenSettings>;
}

/** The worker of a session with these events, unless its log has some already; without the parts that only git, slots and agents need. */
export async function workerOn(
  log: TempLog,
  events: readonly NewEvent[],
  { file: ofFile, settings, ...parts }: Parts = {},
): Promise<Worker> {
  const { paths } = log;
  const writer = parts.writer ?? (await log.open()).writer;
  if (writer.state.n === 0) await writer.append(...events);
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir, ...ofFile });
  const file = { ...sample, settings: { ...sample.settings, ...settings } };
  const own = { paths, file, clock: systemClock, host: await systemHost(), env: {}, memory: {}, wake: {} };
  const bare = { projector: new Projector(paths, file), checkouts: [] };
  return { ...own, ...bare, ...parts, writer } as Partial<Worker> as Worker;
}
