import type { Extension } from '../../core/kernel/extension.ts';
import { realPathAsFar } from '../../core/project/git/real-path.ts';
import type { ApplicationRunner, ServicesPlace } from '../../core/sandbox/application-runner.ts';
import { applicationVariables, servedPorts, webAddress } from './placeholders.ts';
import { portsFolder, releasePorts, reservePorts } from './ports/reserve-ports.ts';
import { type InsideFor, serviceInside, serviceInWorktree } from './sandbox/service-place.ts';
import { startServices } from './services/run-services.ts';

export const RUNNER: ApplicationRunner = {
  reserve: async (owner, wanted, tools) => await reservePorts(portsFolder(), { owner, ...wanted }, tools),
  release: async (owner, tools) => await releasePorts(portsFolder(), owner, tools),
  servedPorts,
  webAddress,
  variables: applicationVariables,
  start: async ({ inside, ...place }, tools) =>
    await startServices(
      { ...place, net: inside?.guard.egress?.net, insideFor: inside && (await insideOf(inside, place)) },
      tools,
    ),
};

/** For programs that need it at once, and without the rest of this extension's object: workers and action.yml. */
export const RUNS_APPLICATIONS: Extension = { application: async () => RUNNER };

async function insideOf(
  { guard, folders }: NonNullable<ServicesPlace['inside']>,
  { cwd, data, env }: Omit<ServicesPlace, 'inside'>,
): Promise<InsideFor> {
  if ('clone' in folders) return serviceInside(guard, { ...folders, data }, env);
  const real = { worktree: await realPathAsFar(cwd), data: await realPathAsFar(data), env };
  return serviceInWorktree(guard, real, { ...folders, ...guard.egress });
}
