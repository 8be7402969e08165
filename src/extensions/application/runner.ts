import { homedir } from 'node:os';
import { join } from 'node:path';
import { configFolder } from '../../core/kernel/config-folder.ts';
import { releasePorts, reservePorts } from './ports/reserve-ports.ts';
import type { PortOwner } from './served-place.ts';
import { startServices } from './services/run-services.ts';

/**
 * Ports and services, for worker and acts.
 * @param home contains the settings folder, with the reservations of all sessions of this user
 */
export function applicationRunner(home: () => string = homedir) {
  const folder = () => join(configFolder(home()), 'ports');
  return {
    /** @param set `base`: for checks on the base commit, which run beside agents */
    reserve: (owner: PortOwner, names: readonly string[], set: 'own' | 'base') =>
      reservePorts(folder(), { owner, names, set }),
    release: (owner: Pick<PortOwner, 'id'>) => releasePorts(folder(), owner),
    start: startServices,
  };
}
