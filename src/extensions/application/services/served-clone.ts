import { join } from 'node:path';
import type { OpenCloneApplication } from '../../../core/acts/proof/clone-application.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import type { Extension } from '../../../core/kernel/extension.ts';
import type { ProofFolders } from '../../../core/kernel/phases/proving.ts';
import type { Mark } from '../../../core/kernel/processes/end-tree.ts';
import type { Host } from '../../../core/kernel/processes/host.ts';
import type { ServesClone } from '../../../core/project/proving/run-on-clone.ts';
import type { ActiveGuard } from '../../../core/sandbox/probe-guard.ts';
import { SESSION_MARK } from '../../../core/sandbox/programs/environment.ts';
import { applicationVariables, servedPorts, webAddress } from '../placeholders.ts';
import { portsFolder, releasePorts, reservePorts } from '../ports/reserve-ports.ts';
import { serviceInside } from '../sandbox/service-place.ts';
import type { ServedPlace } from '../served-place.ts';
import { startServices } from './run-services.ts';

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
  guard(): Promise<ActiveGuard | undefined>;
  /** The environment of the commands. */
  env(folders: ProofFolders): Promise<Record<string, string>>;
  signal: AbortSignal;
}

/** The services beside the commands on a clone; undefined if they do not run there. */
export function servesClone(
  { application, ports, mark: ofCommands, outputDir, outputRoot, ...given }: CloneServing,
  { clock, host }: { clock: Clock; host: Host },
): ServesClone | undefined {
  if (!application.in.includes('proof')) return undefined;
  return {
    isForSetup: application.in.includes('setup'),
    async start(folders, cwd) {
      const mark = servicesMark(ofCommands);
      const data = dataIn(folders);
      const env = { ...(await given.env(folders)), [mark.name]: mark.value };
      const guard = await given.guard();
      const place: ServedPlace = {
        ...{ application, cwd, env, ports, data, mark, outputDir, outputRoot },
        insideFor: serviceInside(guard, { ...folders, data }, env),
        net: guard?.egress?.net,
      };
      const running = await startServices(place, { clock, host, signal: given.signal });
      const { failures } = running;
      const url = webAddress(application, ports);
      return { ports, url, failures, ended: () => running.ended(), end: () => running.end() };
    },
  };
}

export const openCloneApplication: OpenCloneApplication = async (application, { mark, ...owner }, tools) => {
  const own = { ...owner, id: mark, name: 'checks' };
  const ports = await reservePorts(
    portsFolder(),
    { owner: own, names: application.ports, set: 'own' },
    tools,
  );
  return {
    served: servedPorts(application, ports),
    mark: servicesMark(mark).value,
    variables: (folders) => applicationVariables(application, { ports, data: dataIn(folders) }),
    serveWith: ({ guard, env, outputDir, signal }) =>
      servesClone(
        {
          ...{ application, ports, mark, outputDir, outputRoot: outputDir, signal },
          guard: async () => guard,
          env: async () => env(),
        },
        tools,
      ),
    release: () => releasePorts(portsFolder(), own, tools),
  };
};

/** For a program that needs nothing else of this extension. */
export const CLONE_APPLICATION: Extension = { openCloneApplication };
