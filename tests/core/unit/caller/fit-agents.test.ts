import { expect, test } from 'vitest';
import { refuseUnfitAgents } from '../../../../src/core/caller/refusals/fit-agents.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const LIMITS = { session: {}, phases: {} };
const GATEWAY = { ANTHROPIC_BASE_URL: 'https://gateway.example.com' };

test.each([
  ['Claude Code and Codex', ['claude', 'codex'], {}, {}, undefined],
  ...(HAS_EXTENSIONS ? [['the rehearsal', ['rehearsal'], {}, {}, undefined] as const] : []),
  ['another for one phase or as a fallback', ['claude', 'gemini'], {}, {}, 'no_reviewer'],
  ['Claude Code behind a gateway', ['claude'], {}, GATEWAY, 'gateway_unknown'],
  [
    'Claude Code behind one that passes questions on',
    ['claude'],
    { gatewayReviewed: true as const },
    GATEWAY,
    undefined,
  ],
  ['Codex, whatever the service of Claude Code is', ['codex'], {}, GATEWAY, undefined],
  ['any agent without a reviewer', ['gemini', 'claude'], undefined, GATEWAY, undefined],
] as const)('with PERMISSIONS=auto, %s: %#', async (_who, names, reviewed, env, code) => {
  await using home = await tempDir();
  const permissions = reviewed === undefined ? 'skip' : 'auto';
  const choices = { permissions, ...reviewed, limits: LIMITS } as const;
  const refused = refuseUnfitAgents(names, choices, { env, home: home.path }).then(
    () => undefined,
    (error) => error.code,
  );
  expect(await refused).toBe(code);
});
