import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { type Application, webAddress } from '../kernel/phases/application.ts';
import type { ProofFolders } from '../kernel/phases/proving.ts';
import type { Mark } from '../kernel/processes/end-tree.ts';
import type { Host } from '../kernel/processes/host.ts';
import type { ServesClone } from '../project/proving/run-on-clone.ts';
import { applications, type ServedPlace } from './application.ts';
import { SESSION_MARK } from './programs/environment.ts';
import type { ProofGuard } from './proof-place.ts';
import { serviceInside } from './service-place.ts';

/** The end of an agent, or of checks, ends all processes with their own mark; services have another one. */
export function servicesMark(value: string): Mark {
  return { name: SESSION_MARK, value: `${value}-services` };
}

/** The folder of the data in a clone: new each time, and removed with it. */
export function dataIn({ empty }: Pick<ProofFolders, 'empty'>): string {
  return join(empty, 'data');
}

interface CloneServing extends Pick<ServedPlace, 'application' | 'ports' | 'outputDir' | 'outputRoot'> {
  /** Of the commands in the clone. */
  mark: string;
  guard(): Promise<ProofGuard>;
  /** The environment of the commands. */
  env(folders: ProofFolders): Promise<Record<string, string>>;
  signal: AbortSignal;
}

/** The services beside the commands on a clone; undefined if they do not run there. */
export function servesClone(
  { application, ports, mark: ofCommands, outputDir, outputRoot, ...given }: CloneServing,
  { clock, host }: { clock: Clock; host: Host },
): ServesClone | undefined {
  const [runner] = applications.items;
  if (runner === undefined || !runsInProof(application)) return undefined;
  return {
    isForSetup: application.in.includes('setup'),
    async start(folders, cwd) {
      const mark = servicesMark(ofCommands);
      const data = dataIn(folders);
      const env = { ...(await given.env(folders)), [mark.name]: mark.value };
      const guard = await given.guard();
      const insideFor = serviceInside(guard, { ...folders, data }, env);
      const place: ServedPlace = {
        ...{ application, cwd, env, ports, data, mark, outputDir, outputRoot },
        ...(insideFor && { insideFor }),
        net: guard?.egress?.net,
      };
      await runner.requireFree(ports, host);
      const running = await runner.start(place, { clock, host, signal: given.signal });
      const { failures } = running;
      return { ports, url: webAddress(application, ports), failures, end: () => running.end() };
    },
  };
}

function runsInProof({ in: runsIn }: Application): boolean {
  return runsIn.includes('proof');
}
