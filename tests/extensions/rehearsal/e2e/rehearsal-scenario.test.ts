import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newClaudeReader } from '../../../../src/core/agents/claude/claude-stream.ts';
import type { AgentEvent } from '../../../../src/core/agents/contract/events.ts';
import { systemProcessTable } from '../../../../src/core/kernel/processes/process-table.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ChildEnd, ended, type HandSession, isThere, newHandSession } from './rehearsal-stage.ts';

const KIT = 'tests/core/difficult-children';

async function scenario(session: HandSession, content: unknown): Promise<Record<string, string>> {
  const path = join(session.root, 'scenario.json');
  await writeFile(path, JSON.stringify(content));
  return { REHEARSAL_SCENARIO: path };
}

/** Plays one agent of the investigation with these acts. */
async function playActs(session: HandSession, ...acts: unknown[]): Promise<ChildEnd> {
  const env = await scenario(session, { rules: [{ do: acts }] });
  return session.play({ phase: 'investigation', iteration: 1, env });
}

function eventsOf(end: ChildEnd): AgentEvent[] {
  const reader = newClaudeReader();
  return end.stdout.split('\n').flatMap((line) => reader.readLine(line));
}

async function marked(value: string): Promise<number[]> {
  const table = systemProcessTable();
  const found: number[] = [];
  for (const { pid } of await table.list()) {
    const mark = await table.environmentOf(pid, 'SAMOCODE_SESSION').catch(() => undefined);
    if (mark === value) found.push(pid);
  }
  return found;
}

test('an .mjs module may be the scenario, and a script next to it may be an act', ci, async () => {
  await using session = await newHandSession();
  const path = join(session.root, 'scenario.mjs');
  await writeFile(
    path,
    `export default { rules: [{ do: [{ act: 'script', path: 'act.mjs' }, { act: 'exit', code: 7 }] }] };`,
  );
  await writeFile(
    join(session.root, 'act.mjs'),
    `import { writeFileSync } from 'node:fs';
const { REHEARSAL_SESSION_DIR: dir, REHEARSAL_PHASE: phase, REHEARSAL_ITERATION: nth } = process.env;
writeFileSync(dir + '/by-script.txt', phase + nth);`,
  );
  const end = await session.play({ phase: 'quality', iteration: 4, env: { REHEARSAL_SCENARIO: path } });
  expect(end.exitCode).toBe(7);
  expect(await session.read('by-script.txt')).toBe('quality4');
});

test('a scenario with a mistake ends the agent with status 2 and the name of the field', async () => {
  await using session = await newHandSession();
  const env = await scenario(session, { rules: [{ do: [{ act: 'hang', forHours: 2 }] }] });
  const end = await session.play({ phase: 'testing', iteration: 1, env });
  expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('rules.0.do.0') });
});

test('a hanging agent that ignores signals ends only by SIGKILL, and one that handles them ends with 143', async () => {
  await using session = await newHandSession();
  const deaf = await scenario(session, {
    rules: [{ do: [{ act: 'ignore-term' }, { act: 'event', json: { type: 'deaf' } }, { act: 'hang' }] }],
  });
  const child = await session.start({ phase: 'testing', iteration: 1, env: deaf });
  const end = ended(child);
  await new Promise((resolve) =>
    child.stdout?.on('data', (part: Buffer) => part.includes('deaf') && resolve(undefined)),
  );
  child.kill('SIGTERM');
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  expect(await end).toMatchObject({ exitCode: null, signal: 'SIGKILL' });

  const handling = await scenario(session, { rules: [{ do: [{ act: 'hang' }] }] });
  const second = await session.start({ phase: 'testing', iteration: 2, env: handling });
  const secondEnd = ended(second);
  await new Promise((resolve) => second.stdout?.once('data', resolve));
  second.kill('SIGTERM');
  expect((await secondEnd).exitCode).toBe(143);
});

test('forked processes outlive the agent, those with setsid outside its group, and carry its marker', async () => {
  await using session = await newHandSession();
  const env = await scenario(session, {
    rules: [
      {
        do: [
          { act: 'leave', count: 2, command: ['sleep', '60'] },
          { act: 'leave', setsid: true, ignoreTerm: true, command: ['sleep', '60'] },
        ],
      },
    ],
  });
  const mark = `forks-${process.pid}`;
  await session.play({ phase: 'testing', iteration: 1, env: { ...env, SAMOCODE_SESSION: mark } });
  const pids = await eventually(async () => {
    const found = await marked(mark);
    return found.length === 3 && found;
  });
  await eventually(async () => {
    const entries = await Promise.all(pids.map((pid) => systemProcessTable().read(pid)));
    return new Set(entries.map((entry) => entry?.sid)).size === 2;
  });
  for (const pid of pids) process.kill(pid, 'SIGTERM');
  await eventually(async () => (await marked(mark)).length === 1);
  for (const pid of await marked(mark)) process.kill(pid, 'SIGKILL');
  await eventually(async () => (await marked(mark)).length === 0);
});

test('a daemon writes long after the agent has ended', async () => {
  await using session = await newHandSession();
  await playActs(session, {
    act: 'leave',
    setsid: true,
    command: ['sh', '-c', `sleep 0.4; printf '%s' 'a "late" word' >"$REHEARSAL_SESSION_DIR/late.txt"`],
  });
  expect(await isThere(join(session.sessionDir, 'late.txt'))).toBe(false);
  expect(await eventually(async () => (await session.read('late.txt')) || undefined)).toBe('a "late" word');
});

test('a scrubbed daemon carries no marker', async () => {
  await using session = await newHandSession();
  const command = ['sh', '-c', `sleep 2; echo x >'${join(session.sessionDir, 'late.txt')}'`];
  const env = await scenario(session, {
    rules: [{ do: [{ act: 'leave', setsid: true, scrubEnv: true, command }] }],
  });
  const mark = `scrubbed-${process.pid}`;
  await session.play({ phase: 'testing', iteration: 1, env: { ...env, SAMOCODE_SESSION: mark } });
  // Between its fork and its own program it still has the environment of its parent.
  let isSeen = true;
  while (isSeen && !(await isThere(join(session.sessionDir, 'late.txt')))) {
    isSeen = (await marked(mark)).length > 0;
  }
  expect(isSeen).toBe(false);
  await eventually(() => session.read('late.txt'));
});

test('printing a text many times prints all of it, before the last line', async () => {
  await using session = await newHandSession();
  const text = `${'~'.repeat(999)}\n`;
  const end = await playActs(session, { act: 'print', text, times: 3000 }, { act: 'result' });
  expect(end.stdout).toContain(text.repeat(3000));
  expect(eventsOf(end).at(-1)).toMatchObject({ kind: 'final', report: { ok: true } });
});

test('files are written in place, appended to and removed at the given path', async () => {
  await using session = await newHandSession();
  const away = join(session.root, 'elsewhere/x.txt');
  await playActs(
    session,
    { act: 'signal-file', text: '{broken' },
    { act: 'write', path: 'history', text: 'one\n' },
    {
      act: 'write',
      path: 'history',
      text: 'two is more than ten characters\n',
      append: true,
    },
    { act: 'write', path: 'worktree:src/new.js', text: 'x' },
    { act: 'write', path: `abs:${away}`, text: 'y' },
    { act: 'remove', path: 'worktree:README.md' },
    { act: 'run', command: ['git', 'config', 'demo.planted', 'yes'] },
    { act: 'run', command: ['git', 'no-such-command'] },
  );
  expect(await session.read('_signal.json')).toBe('{broken');
  expect(await session.read('_signal_history.jsonl')).toBe('one\ntwo is more than ten characters\n');
  expect(await readFile(away, 'utf8')).toBe('y');
  expect(await session.git('status', '--porcelain')).toBe('D README.md\n?? src/new.js');
  expect(await session.git('config', 'demo.planted')).toBe('yes');
});

test('a lying agent answers its own questions', async () => {
  await using session = await newHandSession();
  await session.play({
    phase: 'requirements',
    iteration: 1,
    env: { REHEARSAL_SCENARIO: join(process.cwd(), KIT, 'liar.json') },
  });
  expect(await session.read('_qa.md')).toMatch(/^Status: answered[\s\S]*\*\*Answer:\*\* A/m);
  expect(await session.takeSignal()).toEqual({ status: 'continue', phase: 'implementation' });
});

test('ordinary work may forget its signal, and an agent may exit without any work', async () => {
  await using session = await newHandSession();
  const worked = await playActs(session, { act: 'normal', signal: false });
  expect(await session.takeSignal()).toEqual({});
  expect(await session.document('dive')).toContain('## Key Findings');
  expect(eventsOf(worked).at(-1)).toMatchObject({ report: { ok: true, costUsd: 0 } });
  const idle = await playActs(session, { act: 'result' });
  expect(await session.takeSignal()).toEqual({});
  expect(eventsOf(idle).at(-1)).toMatchObject({ report: { ok: true } });
});

test('a limit is printed as claude prints it, with the time of its end', async () => {
  await using session = await newHandSession();
  const end = await playActs(session, { act: 'limit', resetsInSeconds: 3600 });
  expect(end.exitCode).toBe(1);
  expect(eventsOf(end).at(-1)).toMatchObject({
    report: { ok: false, problem: { kind: 'usage_limit', until: expect.any(Number) } },
  });
});

test('a result may contain any text, and an agent may keep running after it', async () => {
  await using session = await newHandSession();
  const end = await playActs(
    session,
    { act: 'result', json: { is_error: true, api_error_status: 529 } },
    { act: 'result', json: { total_cost_usd: 12.5 } },
    { act: 'result' },
    { act: 'sleep', ms: 100 },
    { act: 'kill-self' },
  );
  expect(end.signal).toBe('SIGKILL');
  expect(eventsOf(end)).toMatchObject([
    { kind: 'started' },
    { kind: 'noted', text: 'failed: no reason given' },
    { report: { problem: { kind: 'overloaded' } } },
    { report: { ok: true, costUsd: 12.5 } },
    { report: { ok: true, costUsd: 0 } },
  ]);
});
