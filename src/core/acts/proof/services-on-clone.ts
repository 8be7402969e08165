import type { ActionContext } from '../../caller/context/context.ts';
import { type Application, applicationVariables, servedPorts } from '../../kernel/phases/application.ts';
import type { ProofFolders } from '../../kernel/phases/proving.ts';
import type { ServesClone } from '../../project/proving/run-on-clone.ts';
import { applications, type PortOwner, type ServedPlace } from '../../sandbox/application.ts';
import type { ProofGuard } from '../../sandbox/proof-place.ts';
import { dataIn, servesClone } from '../../sandbox/served-clone.ts';

/** The application of a clone outside of a worker, with reserved ports. */
export interface CloneApplication {
  /** On which services listen. */
  served: number[];
  variables(folders: ProofFolders): Record<string, string>;
  /** The services, if they run beside the checks of a proof. */
  serveWith(place: ServingPlace): ServesClone | undefined;
  release(): Promise<void>;
}

interface ServingPlace extends Pick<ServedPlace, 'outputDir' | 'outputRoot'> {
  guard: ProofGuard;
  /** The environment of the checks. */
  env: () => Record<string, string>;
  signal: AbortSignal;
}

/** @throws the error that `cloneFailed` returns if this build runs no services */
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
  return {
    served: servedPorts(application, ports),
    variables: (folders) => applicationVariables(application, { ports, data: dataIn(folders) }),
    serveWith: ({ guard, env, ...place }) =>
      servesClone(
        { ...place, application, ports, mark: owner.id, guard: async () => guard, env: async () => env() },
        context,
      ),
    release,
  };
}
