import { expect, test } from 'vitest';
import { agentMarkers, whoTypes } from '../../../../../src/core/faces/terminal/who-types.ts';
import { systemHost } from '../../../../../src/core/kernel/processes/host.ts';
import type { ProcessTable } from '../../../../../src/core/kernel/processes/process-table.ts';

/** A chain of processes from this one upwards, each with the variables it was started with. */
async function under(...started: Record<string, string>[]) {
  const host = await systemHost();
  const at = (pid: number) => (pid === process.pid ? 0 : pid - 1000);
  const processes: ProcessTable = {
    ...host.processes,
    read: async (pid) => ({
      ...{ pid, pgid: 1, sid: 1, state: 'S', startTicks: '1', cpuTicks: 0 },
      ppid: at(pid) + 1 < started.length ? at(pid) + 1001 : 1,
    }),
    environmentOf: async (pid, name) => started[at(pid)]?.[name],
  };
  return { ...host, processes };
}

test('a user at a terminal is a person', async () => {
  const host = await under({}, { SHELL: '/bin/sh' }, {});
  expect(await whoTypes({ env: {}, host, hasTerminal: true })).toEqual({
    channel: 'cli',
    client: 'samocode',
  });
});

test('variables that a person sets for their agents do not make them an agent', async () => {
  const own = { CLAUDE_CODE_USE_BEDROCK: '1', CODEX_HOME: '/x', GEMINI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k' };
  const host = await under(own, own);
  expect(await whoTypes({ env: own, host, hasTerminal: true })).toMatchObject({ channel: 'cli' });
});

test('without a terminal the user is a tool, and the record says why', async () => {
  const host = await under({});
  const by = { channel: 'tool', client: 'samocode, without a terminal' };
  expect(await whoTypes({ env: {}, host, hasTerminal: false })).toEqual(by);
});

test.each(Object.entries(agentMarkers()))(
  '%s in the environment makes the user a tool of %s',
  async (name, agent) => {
    const host = await under({});
    const by = { channel: 'tool', client: `samocode, run by ${agent}` };
    expect(await whoTypes({ env: { [name]: '1' }, host, hasTerminal: true })).toEqual(by);
  },
);

test.each([1, 3])('a marker in the environment of ancestor %i alone makes the user a tool', async (depth) => {
  const chain = [{}, {}, {}, {}, {}].map((own, at) => (at === depth ? { GEMINI_CLI: '1' } : own));
  const by = { channel: 'tool', client: 'samocode, run by Gemini CLI' };
  expect(await whoTypes({ env: {}, host: await under(...chain), hasTerminal: true })).toEqual(by);
});

test('an empty marker does not count', async () => {
  const host = await under({ CLAUDECODE: '' });
  expect(await whoTypes({ env: { CLAUDECODE: '' }, host, hasTerminal: true })).toMatchObject({
    channel: 'cli',
  });
});
