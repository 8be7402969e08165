import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ownContainer } from '../../../../src/core/kernel/processes/host.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const ID = '0123456789abcdef'.repeat(4);
const ROOT = `812 700 0:95 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/var/lib/docker/overlay2/${ID}/diff,workdir=/var/lib/docker/overlay2/${ID}/work`;
const DOCKER = {
  mountinfo: `${ROOT}\n813 812 0:98 / /proc rw - proc proc rw\n`,
  cgroup: '0::/\n',
  procs: '1\n7\n2041\n',
};

/** The container name for these kernel files. */
async function named(files: Partial<typeof DOCKER>): Promise<string | undefined> {
  await using dir = await tempDir();
  const { mountinfo, cgroup, procs } = { ...DOCKER, ...files };
  const path = cgroup.trim().replace('0::', '');
  const all = {
    'proc/self/mountinfo': mountinfo,
    'proc/1/cgroup': cgroup,
    [join('sys/fs/cgroup', path, 'cgroup.procs')]: procs,
  };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  return ownContainer(dir.path);
}

test.each([
  ['Docker', {}],
  ['a container with its own init', { cgroup: '0::/init.scope\n', procs: '1\n' }],
  ['Podman', { mountinfo: ROOT.replace('docker/overlay2', 'containers/storage/overlay') }],
])('a container of %s is named after its layer', async (_, files) => {
  expect(await named(files)).toBe(ID);
});

test.each([
  ['whose root is not a layer', { mountinfo: '27 1 254:0 / / rw - ext4 /dev/vda rw\n' }],
  ['whose layer only has a number', { mountinfo: ROOT.replaceAll(`${ID}/diff`, 'snapshots/12/fs') }],
  ['in which unseen processes run', { procs: '0\n0\n1\n97\n' }],
  ['whose first process is outside', { procs: '7\n' }],
  ['with cgroups v1', { cgroup: '8:pids:/\n' }],
])('a container %s has no name', async (_, files) => {
  expect(await named(files)).toBeUndefined();
});

test('without these kernel files there is no name', async () => {
  await using dir = await tempDir();
  expect(ownContainer(dir.path)).toBeUndefined();
});
