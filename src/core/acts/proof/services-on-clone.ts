import { join } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import {
  type Application,
  applicationVariables,
  type Ports,
  servedPorts,
  webPort,
} from '../../kernel/phases/application.ts';
import type { ProofFolders } from '../../kernel/phases/proving.ts';
import { applications, type PortOwner, type ServedPlace } from '../../sandbox/application.ts';
import { SESSION_MARK } from '../../sandbox/programs/environment.ts';
import type { ProofGuard } from '../../sandbox/proof-place.ts';
import { serviceInside } from '../../sandbox/service-place.ts';

/** The application of a clone outside of a worker, with reserved ports. */
export interface CloneApplication {
  /** On which services listen. */
  served: number[];
  variables(folders: ProofFolders): Record<string, string>;
  /** The services, if they run beside the checks of a proof. */
  serveWith(place: ServingPlace): ServesChecks | undefined;
  release(): Promise<void>;
}

interface ServingPlace extends Pick<ServedPlace, 'outputDir' | 'outputRoot' | 'net'> {
  guard: ProofGuard;
  /** The environment of the checks. */
  env: () => Record<string, string>;
  signal: AbortSignal;
}

type ServesChecks = NonNullable<ReturnType<typeof servicesWith>>;

/** @throws the error that `cloneFailed` returns if this build runs no services; port_taken */
export async function applicationOfClone(
  application: Application | undefined,
  owner: PortOwner,
  context: Pick<ActionContext, 'clock' | 'host'>,
  cloneFailed: (problem: string) => Error,
): Promise<CloneApplication | undefined> {
  if (application === undefined) return undefined;
  const [runner] = applications.items;
  if (runner === undefined) throw cloneFailed('The project has services, which this build cannot run.');
  const ports = await runner.reserve(owner, application.ports, 'own');
  const release = () => runner.release(owner);
  try {
    await runner.requireFree(ports, context.host);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    served: servedPorts(application, ports),
    variables: (folders) => applicationVariables(application, { ports, data: dataOf(folders) }),
    serveWith: (place) =>
      servicesWith({ application, ports, markValue: servicesMark(owner.id) }, place, context),
    release,
  };
}

/** The mark of services: a check ends all processes with its own. */
export function servicesMark(id: string): string {
  return `${id}-services`;
}

function servicesWith(
  { application, ports, markValue }: { application: Application; ports: Ports; markValue: string },
  { guard, env: envOfChecks, signal, ...place }: ServingPlace,
  { clock, host }: Pick<ActionContext, 'clock' | 'host'>,
) {
  const [runner] = applications.items;
  if (runner === undefined || !application.in.includes('proof')) return undefined;
  return {
    isForSetup: application.in.includes('setup'),
    async start(folders: ProofFolders, cwd: string) {
      const mark = { name: SESSION_MARK, value: markValue };
      const data = dataOf(folders);
      const env = { ...envOfChecks(), [mark.name]: mark.value };
      const insideFor = serviceInside(guard, { ...folders, data }, env);
      const served = { ...place, application, ports, cwd, env, data, mark, ...(insideFor && { insideFor }) };
      const { failures, end } = await runner.start(served, { clock, host, signal });
      const port = webPort(application, ports);
      return { ports, url: port === undefined ? undefined : `http://localhost:${port}`, failures, end };
    },
  };
}

function dataOf({ empty }: ProofFolders): string {
  return join(empty, 'data');
}
