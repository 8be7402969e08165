import { expect, test } from 'vitest';
import { identify, livenessOf, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { entryOf, hostWith } from '../../../support/hosts.ts';

test('a process sees itself as alive on this machine', async () => {
  const host = await systemHost();
  const self = await identify(host, process.pid);
  if (self === undefined) throw new Error('It runs.');
  expect(self).toMatchObject({ pid: process.pid, bootId: host.bootId, hostId: host.hostId });
  expect(await livenessOf(host, self)).toBe('alive');
  expect(host.bootId).not.toBe('');
});

test('a process that does not run has no identity', async () => {
  expect(await identify(await systemHost(), 2 ** 30)).toBeUndefined();
  expect(await identify(hostWith([entryOf(7, { state: 'Z' })]), 7)).toBeUndefined();
});

test.each([
  ['this machine', 'this boot', 'pid:[1]', 'alive'],
  ['renamed', 'this boot', 'pid:[1]', 'alive'],
  ['this machine', 'last boot', 'pid:[1]', 'dead'],
  ['another', 'its boot', 'pid:[1]', 'unknowable'],
  ['this machine', 'this boot', 'pid:[2]', 'unknowable'],
])('a process of %s, %s, namespace %s is %s', async (hostId, bootId, pidNamespace, expected) => {
  const identity = { pid: 7, startTicks: '100', hostId, bootId, pidNamespace };
  expect(await livenessOf(hostWith([entryOf(7)]), identity)).toBe(expected);
});
