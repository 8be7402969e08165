import type { OwnedLease } from '../../base/processes/lease.ts';
import { ChildrenEnvironment } from '../../providers/starting/login-shell.ts';
import { EventWriter } from '../../session/events/event-writer.ts';
import { atPlaces, trueSessionFile } from '../../session/events/session-file.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { isLogAside } from '../../session/layout/rewritten-log.ts';
import { Slots } from '../../session/slots.ts';
import { GitGuard } from '../core/git-guard.ts';
import type { Watch } from '../core/supervisor-watch.ts';
import type { Worker } from '../core/worker.ts';
import { WorkerGuard } from '../core/worker-guard.ts';
import { Projector } from '../documents/projector.ts';
import { type LeaseOptions, takeLease, untilGivenUp, wasTakenAway } from './take-lease.ts';

export interface WorkerOptions extends LeaseOptions {
  sessionsDir: string;
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
  rehearsalProgram: string;
  supervisorProgram: string;
}

export interface OpenedWorker {
  worker: Worker;
  lease: OwnedLease;
  /** Whoever left in good order has left nothing behind. */
  died: boolean;
}

/** Takes the lease of a session and folds its log. @returns undefined when there is nothing here to work on */
export async function openWorker(options: WorkerOptions, watch: Watch): Promise<OpenedWorker | undefined> {
  const paths = sessionPaths(options.sessionsDir, options.folder);
  const { clock, host, env, rehearsalProgram, wake = {} } = options;
  // Read anew for every lease: between two of them the session belongs to nobody.
  const chosen = await trueSessionFile(paths);
  if (isLogAside(paths)) return undefined;
  if (chosen === undefined) throw new Error(`There is no session file at ${paths.sessionFile}.`);
  const lease = await takeLease(options, paths, watch);
  if (lease === undefined) return undefined;
  if (await wasTakenAway(paths)) return undefined;
  const died = lease.previous?.how === 'died';
  const writer = await EventWriter.open(paths, lease, clock);
  if (died && writer.state.openIteration !== undefined) await untilGivenUp(options, paths, lease);
  const file = atPlaces(chosen, paths, writer.state.places);
  const limits = { project: file.settings.maxParallel, machine: watch.machineSlots };
  const environment = new ChildrenEnvironment(env);
  const worker: Worker = {
    ...{ paths, file, clock, host, environment, rehearsalProgram, writer, wake, watch },
    projector: new Projector(paths, file),
    git: new GitGuard(paths, file, env),
    slots: new Slots(file.sessionsDir, limits, { clock, host }),
    guard: new WorkerGuard(),
    memory: {},
    get env() {
      return environment.now;
    },
  };
  return { worker, lease, died };
}
