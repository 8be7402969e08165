import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sourceText } from './support/source-text.ts';

const SRC = join(import.meta.dirname, '../src');

/**
 * Calls to another program or machine. Not here: `runCommand` ends each program after a minute unless its call says
 * otherwise, `runGit` and `gh` call it, and methods named `fetch` or `connect` of our own classes.
 */
const CALLS =
  /(?<![.#\w])(?:fetch|connect|createConnection|execa|spawn|spawnSync|execFile|execFileSync|execSync|exec)\((?!\w+: )|\bnet\.(?:connect|createConnection)\(|\bhttps?\.(?:request|get)\(|new (?:pg\.Client|Pool|WebSocket|EventSource)\(/;

/**
 * Each file with such a call: the limit of the call, as it stands in the file, or who ends it. `person`: an editor, a
 * browser or a login, which is over when the person is. `owner`: a program or connection that lives as long as the one it
 * serves, and is watched or ended by it.
 */
const LIMITS: Readonly<Record<string, RegExp | 'person' | 'owner'>> = {
  'core/caller/facts/live-page.ts': /sleep\(limitMs, /,
  'core/kernel/processes/run-at-terminal.ts': 'person',
  'core/kernel/processes/run-command.ts': /timeoutMs = ONE_MINUTE_MS/,
  'core/project/worktrees/base-commit.ts': /timeoutMs: FETCH_LIMIT_MS/,
  // The agent's own connections, which end with it.
  'core/sandbox/egress-proxy.ts': 'owner',
  'core/sandbox/relay/loopback.ts': 'owner',
  'core/sandbox/relay/main.ts': 'owner',
  // Programs that outlive their starter, which waits for no more than their start.
  'core/sandbox/programs/launch-worker.ts': 'owner',
  // The agent: its worker watches its time.
  'core/sandbox/programs/run-child.ts': 'owner',
  'extensions/acp/runner/main.ts': 'owner',
  'extensions/application/ports/listeners.ts': /timeout: ANSWER_MS/,
  'extensions/application/sandbox/inbound.ts': 'owner',
  // The channel's own limit aborts it.
  'extensions/notify/channels/webhook.ts': /\bsignal,/,
  // The kernel itself accepts or refuses a local connection at once.
  'extensions/pages/web/server/instance-socket.ts': 'owner',
  'extensions/pool/board/postgres-connection.ts': /connectionTimeoutMillis: limitMs/,
  // It is the agent.
  'extensions/rehearsal/agent/run-as-agent.ts': 'owner',
};

async function callers(): Promise<Record<string, string>> {
  const names = await readdir(SRC, { recursive: true });
  // Files of browsers call only the page that serves them.
  const sources = names.filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(
    sources.map(async (name) => [name, await readFile(join(SRC, name), 'utf8')]),
  );
  return Object.fromEntries(texts.filter(([, text = '']) => CALLS.test(sourceText(text).code)));
}

test('a call to another program or machine has a limit, or the word person', async () => {
  const found = await callers();
  const without = Object.entries(found).filter(([name, text]) => {
    const limit = LIMITS[name];
    return limit === undefined || (limit instanceof RegExp && !limit.test(text));
  });
  expect(without.map(([name]) => name)).toEqual([]);
  expect(Object.keys(LIMITS).filter((name) => found[name] === undefined)).toEqual([]);
});

test('the words person and owner stand only where runCommand has no limit, and at the terminal', async () => {
  const names = (await readdir(SRC, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(join(SRC, name), 'utf8')]));
  const unlimited = texts.filter(([, text = '']) => /timeoutMs: '(?:person|owner)'/.test(text));
  expect(unlimited.map(([name]) => name).toSorted()).toEqual([
    'extensions/awake/awake.ts',
    'extensions/pages/report/write-report.act.ts',
  ]);
});
