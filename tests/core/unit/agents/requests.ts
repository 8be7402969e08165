import type { AgentRequest } from '../../../../src/core/agents/contract/provider.ts';

/** A complete request, for tests that build a command and start nothing. */
export const REQUEST: AgentRequest = {
  cliPath: '/opt/cli',
  promptPath: '/run/003/prompt.md',
  phase: 'planning',
  sessionDir: '/sessions/26-01-08-login',
  workingDir: '/worktrees/26-01-08-login',
  mainRepo: '/repo',
  model: '',
  own: { CLAUDE_MAX_TURNS: 300 },
  permissions: 'skip',
  nodePath: '/opt/node',
  childUuid: '0b2c6a3e-8d53-4a53-9a3f-000000000000',
  programFolder: '/opt/samocode',
  atEnd: ['/usr/bin/node', '/opt/samocode/form-check.cjs', '{}'],
  env: { PATH: '/bin' },
};
