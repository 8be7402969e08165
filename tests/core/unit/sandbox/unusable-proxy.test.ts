import { expect, test } from 'vitest';
import { unusableProxy } from '../../../../src/core/sandbox/egress-proxy.ts';
import type { GuardPlaces } from '../../../../src/core/sandbox/places.ts';
import { probeGuard } from '../../../../src/core/sandbox/probe-guard.ts';

const tool = { kind: 'bwrap', path: '/nowhere/bwrap', isRoot: false } as const;
/** The proxy is judged before anything else of the places is read. */
const strict = { isStrict: true } as GuardPlaces;

test.each<[Record<string, string>, string]>([
  [{ ALL_PROXY: 'socks5://me:word@127.0.0.1:1080' }, 'ALL_PROXY names a proxy of the kind socks5://'],
  [{ all_proxy: 'socks5h://127.0.0.1:1080' }, 'all_proxy names a proxy of the kind socks5h://'],
  [{ HTTPS_PROXY: 'https://proxy' }, 'HTTPS_PROXY names a proxy of the kind https://'],
  [{ HTTPS_PROXY: 'http://a', HTTP_PROXY: 'socks4://b' }, 'HTTP_PROXY names a proxy of the kind socks4://'],
  [{ HTTP_PROXY: 'http://a', https_proxy: 'http://[' }, 'https_proxy names no address'],
])('a strict sandbox is refused behind a proxy that it cannot use: %j', async (env, said) => {
  const now = await probeGuard(strict, { env, tool });
  expect(now).toMatchObject({ level: 'none', why: expect.stringContaining(said) });
  expect(JSON.stringify(now)).not.toContain('word');
});

test.each<Record<string, string>>([
  {},
  { HTTPS_PROXY: 'http://me:word@proxy:3128', HTTP_PROXY: 'proxy:3128' },
  { HTTPS_PROXY: 'http://a', HTTP_PROXY: 'http://a', ALL_PROXY: 'socks5://b' },
  { ALL_PROXY: 'socks5://b', NO_PROXY: '*' },
])('a proxy that is usable, or not used, refuses nothing: %j', (env) => {
  expect(unusableProxy(env)).toBeUndefined();
});
