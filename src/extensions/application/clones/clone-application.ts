import type { OpenCloneApplication } from '../../../core/acts/proof/clone-application.ts';
import { applicationVariables, servedPorts } from '../filled-in.ts';
import { portsFolder, releasePorts, reservePorts } from '../ports/reserve-ports.ts';
import { dataIn, servesClone, servicesMark } from './served-clone.ts';

const open: OpenCloneApplication = async (application, { mark, ...owner }, tools) => {
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
