import type { OpenCloneApplication } from '../../../core/acts/proof/clone-application.ts';
import { applicationVariables, servedPorts } from '../filled-in.ts';
import { applicationRunner } from '../runner.ts';
import { dataIn, servesClone, servicesMark } from './served-clone.ts';

export const openCloneApplication: OpenCloneApplication = async (application, { mark, ...owner }, tools) => {
  const runner = applicationRunner();
  const own = { ...owner, id: mark, name: 'checks' };
  const ports = await runner.reserve(own, application.ports, 'own');
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
    release: () => runner.release(own),
  };
};
