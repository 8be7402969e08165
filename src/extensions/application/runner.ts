import { homedir } from 'node:os';
import { join } from 'node:path';
import { configFolder } from '../../core/kernel/config-folder.ts';
import { releasePorts, requireFreePorts, reservePorts } from './ports/reserve-ports.ts';
import type { ApplicationRunner } from './served-place.ts';
import { startServices } from './services/run-services.ts';

/** @param home contains the settings folder, with the reservations of all sessions of this user */
export function applicationRunner(home: () => string = homedir): ApplicationRunner {
  const folder = () => join(configFolder(home()), 'ports');
  return {
    reserve: (owner, names, set) => reservePorts(folder(), { owner, names, set }),
    requireFree: requireFreePorts,
    release: async (owner) => releasePorts(folder(), owner),
    start: startServices,
  };
}
