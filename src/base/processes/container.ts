import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Names the container that we run in over its restarts, by the layer that it writes to; two containers never share one,
 * as they may share host name, network and `/etc/machine-id`. Undefined outside of one, where engines name layers
 * otherwise, and unless all of its processes can be seen from here: to whoever looks out of a pid namespace within it,
 * as the sandbox of an agent makes one, the container would look restarted.
 */
export function ownContainer(root = '/'): string | undefined {
  try {
    const layer = layerIn(readFileSync(join(root, 'proc/self/mountinfo'), 'utf8'));
    return layer !== undefined && seesAll(root) ? layer : undefined;
  } catch {
    // Whatever is not there or may not be read: then nothing is concluded.
    return undefined;
  }
}

/** The id of the writable layer of `/`, as Docker and Podman give them: random, so that no two engines have the same. */
function layerIn(mountinfo: string): string | undefined {
  const mounts = mountinfo.split('\n').map((line) => line.split(' '));
  const options = mounts.findLast((fields) => fields[4] === '/');
  const behind = options?.slice(options.indexOf('-') + 1) ?? [];
  if (behind[0] !== 'overlay') return undefined;
  return /(?:^|,)upperdir=[^,]*\/([0-9a-f]{64})\/diff(?:,|$)/.exec(behind[2] ?? '')?.[1];
}

/** The kernel lists a process of an outer or other pid namespace as 0. */
function seesAll(root: string): boolean {
  const path = /^0::(\/.*)$/m.exec(readFileSync(join(root, 'proc/1/cgroup'), 'utf8'))?.[1];
  if (path === undefined) return false;
  const pids = readFileSync(join(root, 'sys/fs/cgroup', path, 'cgroup.procs'), 'utf8').split('\n');
  return pids.includes('1') && !pids.includes('0');
}
