import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PROMPTS, skillOf } from '../../../../src/app/server/prompts/prompts.ts';
import { fillPrompt } from '../../../../src/app/server/prompts/serve-prompts.ts';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { notePlanWindows } from '../../../../src/core/sandbox/plan-windows.ts';
import { ASKING, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import { makeServerRig, type ServerRig } from './server-rig.ts';

const ALL = PROMPTS.map((prompt) => [prompt.name, prompt] as const);
const OWN = ['start', 'review_plan', 'morning_report'];

async function textOf(
  serverRig: ServerRig,
  name: string,
  args: Record<string, string> = {},
): Promise<string> {
  const { messages } = await serverRig.client.getPrompt({ name, arguments: args });
  expect(messages).toHaveLength(1);
  const content = messages[0]?.content;
  return content?.type === 'text' ? content.text : '';
}

test('by default the prompts are the three for sessions, and no other is given or completed', async () => {
  await using serverRig = await makeServerRig({ bare: true });
  const { prompts } = await serverRig.client.listPrompts();
  expect(prompts.map(({ name }) => name)).toEqual(OWN);
  await expect(textOf(serverRig, 'dive')).rejects.toThrow('no prompt "dive"');
  const ref = { type: 'ref/prompt' as const, name: 'session-archive' };
  const completed = serverRig.client.complete({ ref, argument: { name: 'name', value: '' } });
  await expect(completed).rejects.toThrow('no prompt "session-archive"');
});

test('with --all-prompts there is also one for each command, with one argument at most', async () => {
  await using serverRig = await makeServerRig({ bare: true, prompts: 'all' });
  const { prompts } = await serverRig.client.listPrompts();
  const commands = (await readdir('commands')).map((file) => file.replace('.md', '')).sort();
  expect(prompts.map(({ name }) => name)).toEqual([...OWN, ...commands]);
  const own = (await readdir('prompts')).map((file) => file.replace('.md', '').replace('-', '_'));
  expect(own.sort()).toEqual(OWN.toSorted());
  const named = Object.fromEntries(
    prompts.map(({ name, arguments: args = [] }) => [name, args.map((argument) => argument.name)]),
  );
  expect(named).toMatchObject({
    start: ['task'],
    review_plan: ['session'],
    morning_report: [],
    dop: ['plan_phase'],
    'multi-review': ['branch'],
    'session-continue': ['part_of_a_name'],
    'session-archive': ['name'],
    'session-sync': [],
  });
  const titles = prompts.map(({ title }) => title);
  expect(new Set(titles).size).toBe(prompts.length);
  for (const { arguments: args = [], title, description } of prompts) {
    expect(description).toMatch(/^[A-Z][^:#]{5,70}$/);
    expect(title).toMatch(/^[A-Z][^:#.]{5,30}$/);
    expect(title).not.toBe(description);
    // A form shows it before the field.
    for (const argument of args) expect(argument.description).toMatch(/^[A-Z][^[\];.]{3,60}$/);
    expect(args.length).toBeLessThanOrEqual(1);
    for (const { name, required } of args) expect([/^[a-z_]+$/.test(name), required]).toEqual([true, false]);
  }
});

test('next to the commands of a plugin, a server offers no prompts that duplicate them', async () => {
  await using serverRig = await makeServerRig({ bare: true, prompts: 'none' });
  expect(serverRig.client.getServerCapabilities()?.prompts).toBeUndefined();
  const { server } = JSON.parse(await readFile('packages/desktop/manifest.json', 'utf8'));
  // Claude Desktop has none of our commands.
  expect(server.mcp_config.args).not.toContain('--no-prompts');
});

test('for Gemini CLI an argument is marked as required, because it drops optional ones', async () => {
  await using serverRig = await makeServerRig({ bare: true, clientName: 'gemini-cli-mcp-client' });
  const { prompts } = await serverRig.client.listPrompts();
  const required = prompts.flatMap(({ arguments: args = [] }) => args.map((argument) => argument.required));
  expect(new Set(required)).toEqual(new Set([true]));
});

test.each(ALL)('%s is short, has no placeholder, and names only existing things', (_name, prompt) => {
  const skill = skillOf(prompt);
  const text = fillPrompt(prompt, { words: 'WORDS of the user', sessions: 'LINES', skill });
  expect(prompt.body.length).toBeLessThanOrEqual(1100);
  expect(text).not.toMatch(/\$[A-Z]{3}|\{\{/);
  expect(text.includes('WORDS of the user')).toBe(prompt.argument !== undefined);
  const tools = TOOLS.map(({ name }) => name);
  const called = [...prompt.body.matchAll(/\b(?:Call|call|then|or) `([a-z_]+)`/g)].map((match) => match[1]);
  expect(called.filter((name) => name?.includes('_') && !tools.includes(name))).toEqual([]);
  expect(skill === undefined).toBe(OWN.includes(prompt.name));
});

test('the server prompts name the tools that they need', () => {
  const named = (name: string) => PROMPTS.find((prompt) => prompt.name === name)?.body ?? '';
  for (const tool of ['start_session', 'wait', 'read_qa', 'answer_qa', 'read_plan', 'approve_plan'])
    expect(named('start')).toContain(`\`${tool}\``);
  for (const tool of ['read_plan', 'approve_plan', 'request_changes'])
    expect(named('review_plan')).toContain(`\`${tool}\``);
  expect(named('morning_report')).toContain('`get_status`');
});

test('a command includes its skill, for clients without installed skills', async () => {
  await using serverRig = await makeServerRig({ bare: true, prompts: 'all' });
  const text = await textOf(serverRig, 'dive', { topic: 'the login page' });
  expect(text).toMatch(/^Use the skill `investigation`\.\n\nThe topic: the login page\n/s);
  expect(text).toContain('The skill `investigation`, in case it is not installed:');
  expect(text.length).toBeLessThan(6000);
});

test('a line that a client has split is joined, and one that it has cut is reported', async () => {
  await using serverRig = await makeServerRig({ bare: true, prompts: 'all' });
  const whole = await textOf(serverRig, 'start', { task: 'add', rest: 'a "login" $ARGUMENTS $& form' });
  expect(whole).toContain('Let samocode work on this task: add a "login" $ARGUMENTS $& form\n');
  expect(whole).not.toContain('first word');
  expect(await textOf(serverRig, 'start', { task: 'add' })).toContain('pass only the first word');
  expect(await textOf(serverRig, 'session-archive', { name: 'boat' })).toContain('only the first word');
  expect(await textOf(serverRig, 'review_plan', { session: 'boat' })).not.toContain('first word');
  expect(await textOf(serverRig, 'start')).toContain('this task: (nothing given)\n');
  await expect(textOf(serverRig, 'start', { task: 'x'.repeat(100_001) })).rejects.toThrow('into a file');
  await expect(textOf(serverRig, 'strat')).rejects.toThrow('Did you mean start?');
});

test("the morning report lists the state of sessions, those that need a person first, in samocode's own words", async () => {
  await using serverRig = await makeServerRig();
  expect(await textOf(serverRig, 'morning_report')).toContain('No session is running');
  const now = Date.now();
  await serverRig.addSession('26-01-08-asks', [CREATED, PREPARED, ASKING], { startMs: now - 3 * 3_600_000 });
  await serverRig.addSession('26-01-09-over', [CREATED, PREPARED, DONE], { startMs: now - 30 * 60_000 });
  await serverRig.addSession('26-01-07-long-over', [CREATED, PREPARED, DONE], {
    startMs: now - 50 * 3_600_000,
  });
  const { homeDir: dir, env } = serverRig.repo;
  const used = { window: '5h', used: 0.42, endsAt: now + 3_600_000, seenAt: now, from: 'agent' } as const;
  await notePlanWindows('rehearsal', { dir, env }, [used]);
  const report = await textOf(serverRig, 'morning_report');
  const lines = report.split('\n').filter((line) => line.startsWith('- '));
  expect(lines).toEqual([
    `- 26-01-08-asks waits for answers to its questions: Q1. Since 3 h; project ${serverRig.repo.path}`,
    `- 26-01-09-over is done after 0 iterations. Since 30 min; project ${serverRig.repo.path}`,
    expect.stringMatching(/^- Used of the plan of rehearsal: 42 % of 5 hours, ends /),
  ]);
  expect(report).not.toContain('All of it');
});

test('names of sessions are completed if the argument is one', async () => {
  await using serverRig = await makeServerRig({ prompts: 'all' });
  await serverRig.addSession('26-01-08-boat');
  const complete = async (name: string, argument: string) => {
    const ref = { type: 'ref/prompt' as const, name };
    return (await serverRig.client.complete({ ref, argument: { name: argument, value: 'bo' } })).completion
      .values;
  };
  expect(await complete('review_plan', 'session')).toEqual(['26-01-08-boat']);
  expect(await complete('session-continue', 'part_of_a_name')).toEqual(['26-01-08-boat']);
  expect(await complete('start', 'task')).toEqual([]);
  expect(await complete('review_plan', 'other')).toEqual([]);
  await expect(complete('reveiw_plan', 'session')).rejects.toThrow('Did you mean review_plan?');
});
